import { ActiveContext, readInbound } from '../../../packages/core/src/context/index.js'
import { RequestAdmission, resolveAdmission } from '../../../packages/core/src/server/admission/index.js'
import { isProblemError } from '../../../packages/core/src/server/index.js'
import type { Incoming, Receiver } from '../model/queueing-server.js'

type Admitted = Parameters<RequestAdmission['tryAdmit']>[0]

/**
 * Holdfast's server in front of another, with its admission turned on: the product's own, less sockets and framework.
 */
export class AdmittingServer implements Receiver {
  readonly #behind: Receiver
  readonly #admission = new RequestAdmission(resolveAdmission(true), { refused() {}, limiting() {} })

  constructor(behind: Receiver) {
    this.#behind = behind
  }

  receive(incoming: Incoming): void {
    const startedAt = performance.now()
    const context = new ActiveContext(readInbound(incoming.headers, noLogger), startedAt)
    const exchange = new SimulatedRequest(context, startedAt)
    const end = (status: number, aborted: boolean): void => {
      if (exchange.durationMs > 0) return
      exchange.durationMs = Math.max(performance.now() - startedAt, Number.MIN_VALUE)
      exchange.status = status
      exchange.aborted = aborted
      this.#admission.ended(exchange)
      context.end()
    }
    const proceed = (): void => {
      this.#behind.receive({
        path: incoming.path,
        headers: incoming.headers,
        respond(status, headers) {
          end(status, false)
          incoming.respond(status, headers)
        },
        refuse() {
          end(0, true)
          incoming.refuse()
        },
        onGone() {},
      })
    }
    const refuse = (error: unknown): void => {
      if (!isProblemError(error)) throw error
      end(error.status, false)
      incoming.respond(error.status, error.headers)
    }
    incoming.onGone(() => {
      context.leave()
      end(0, true)
    })
    if (this.#admission.tryAdmit(exchange)) proceed()
    else this.#admission.wait(exchange, { proceed, refuse })
  }
}

class SimulatedRequest implements Admitted {
  readonly context: ActiveContext
  readonly startedAt: number
  readonly request = { headers: {} }
  durationMs = 0
  status = 0
  aborted = false
  admittedAt: number | undefined = undefined
  refusal: Admitted['refusal'] = undefined

  constructor(context: ActiveContext, startedAt: number) {
    this.context = context
    this.startedAt = startedAt
  }
}

function noLogger(): never {
  throw new Error('nothing is logged here')
}
