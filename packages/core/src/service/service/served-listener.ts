import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { ProblemResponse } from '../problems/index.js'
import { type RequestTurn, type ServerRuntime, sendProblem } from '../server/index.js'

/** A bare request listener with all that an adapter would give it. */
export function servedListener(handle: RequestListener, runtime: ServerRuntime): RequestListener {
  return (request, response) =>
    void runtime.serve(request, response, new ListenerTurn(handle, request, response))
}

/** A class, since a request that is not refused needs none of the closures that it would otherwise take. */
class ListenerTurn implements RequestTurn {
  readonly #handle: RequestListener
  readonly #request: IncomingMessage
  readonly #response: ServerResponse<IncomingMessage> & { req: IncomingMessage }

  constructor(
    handle: RequestListener,
    request: IncomingMessage,
    response: ServerResponse<IncomingMessage> & { req: IncomingMessage },
  ) {
    this.#handle = handle
    this.#request = request
    this.#response = response
  }

  proceed(): unknown {
    const handle = this.#handle
    return handle(this.#request, this.#response)
  }

  refuse(problem: ProblemResponse, response: ServerResponse): void {
    sendProblem(response, problem)
  }
}
