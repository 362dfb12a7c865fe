import type { Dispatcher } from 'undici'
import type { HttpResponse } from '../../../http/message/index.js'
import { send, type TransportRequest } from '../../../http/transport/index.js'
import { type ChaosInjection, type Execution, injectFault } from '../../../policies/index.js'
import type { ClientChaos } from './client-chaos.js'
import { injectedAnswer } from './injected-answer.js'

/** Sends one request, or pretends to. */
export type Send = typeof send

/**
 * What sends the requests of a client: the transport itself without `chaos`. With it requests are late or fail where the
 * network would have them fail, below everything that is there for failures.
 *
 * @param dependencyOf - the name of the dependency that is at an origin
 */
export function sendThrough(chaos: ClientChaos | undefined, dependencyOf: (origin: string) => string): Send {
  if (chaos === undefined) return send
  return (dispatcher, request, execution) => {
    if (!chaos.isEnabled) return send(dispatcher, request, execution)
    const { method, origin, path } = request
    const injection = chaos.draw({ dependency: dependencyOf(origin), method, origin, path }, execution)
    return injection === undefined
      ? send(dispatcher, request, execution)
      : sendLate(injection, dispatcher, request, execution)
  }
}

async function sendLate(
  injection: ChaosInjection,
  dispatcher: Dispatcher,
  request: TransportRequest,
  execution: Execution,
): Promise<HttpResponse> {
  const answer = await injectFault(injection, execution)
  return answer === undefined ? send(dispatcher, request, execution) : injectedAnswer(answer, request.method)
}
