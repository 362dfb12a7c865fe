import { EventEmitter } from 'node:events'
import { createService } from '@holdfast/core'
import { runtimeOf } from '@holdfast/core/server'
import type { Incoming, Receiver } from '../model/queueing-server.js'

/** Holdfast's server in front of another, with its admission turned on: the product's own, less sockets and framework. */
export class AdmittingServer implements Receiver {
  readonly #behind: Receiver
  readonly #runtime = runtimeOf(
    createService({
      name: 'dependency',
      admission: true,
      metrics: false,
      logLevel: 'silent',
      signals: false,
      tracing: false,
    }),
    'AdmittingServer',
  )

  constructor(behind: Receiver) {
    this.#behind = behind
  }

  receive(incoming: Incoming): void {
    const request = new SimulatedRequest(incoming)
    const response = new SimulatedResponse()
    const answer: Incoming['respond'] = (status, headers) => {
      response.end(status)
      incoming.respond(status, headers)
    }
    const drop = (): void => {
      response.close()
      incoming.refuse()
    }
    const proceed = (): void => {
      const { path, headers } = incoming
      this.#behind.receive({ path, headers, respond: answer, refuse: drop, onGone() {} })
    }
    incoming.onGone(() => response.close())
    this.#runtime.serve(request as never, response as never, {
      begun() {},
      proceed,
      refuse: ({ status, headers }) => answer(status, headers),
    })
  }
}

/** What the runtime asks of a request. */
class SimulatedRequest extends EventEmitter {
  readonly method = 'GET'
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly socket = {}

  constructor({ headers, path }: Incoming) {
    super()
    this.url = path
    this.headers = headers
  }
}

/** What the runtime asks of a response. */
class SimulatedResponse extends EventEmitter {
  readonly socket = {}
  statusCode = 200
  headersSent = false
  writableFinished = false

  end(status: number): void {
    this.statusCode = status
    this.headersSent = true
    this.writableFinished = true
    this.close()
  }

  close(): void {
    this.emit('close')
  }
}
