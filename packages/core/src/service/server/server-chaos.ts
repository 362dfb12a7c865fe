import type { IncomingHttpHeaders } from 'node:http'
import type { OptionCheck } from '../../foundation/config/index.js'
import { chaosHeader, markInjected } from '../../foundation/errors/index.js'
import {
  type Chaos,
  type ChaosAnswer,
  type ChaosInjection,
  type ChaosOption,
  checkChaos,
  resolveChaos,
  sleep,
} from '../../policies/index.js'
import type { Logger } from '../../telemetry/context/index.js'
import { chaosMessage, quietly } from '../../telemetry/logging/index.js'
import type { Admission } from '../admission/index.js'
import { ProblemError } from '../problems/index.js'
import type { Exchange } from './exchange.js'

/** A request, as the functions of `chaos` are told of it. */
export interface ChaosRequest {
  readonly method: string
  /** Without its query. */
  readonly path: string
  /** With lower-case names. */
  readonly headers: IncomingHttpHeaders
  /** The template of the route, such as `/orders/:id`. Express does not know it yet: there it is `undefined`. */
  readonly route: string | undefined
}

/** The option `chaos` of a service. */
export type ServerChaosOption = ChaosOption<ChaosRequest>

/** Tells `check` what is wrong with the option `chaos`. */
export function checkServerChaos(check: OptionCheck, given: ServerChaosOption | undefined): void {
  checkChaos(check, given)
}

/** The chaos that the option asks for. */
export function resolveServerChaos(given: ServerChaosOption | undefined): Chaos<ChaosRequest> | undefined {
  return resolveChaos(given)
}

/** Logs that chaos is on, and when it is switched, until the returned function is called. */
export function announceChaos(policy: Chaos<ChaosRequest>, logger: Logger): () => void {
  const report = (isEnabled: boolean) => quietly(() => logger.warn({}, chaosMessage(isEnabled)))
  if (policy.isEnabled) report(true)
  return policy.on('switch', ({ isEnabled }) => report(isEnabled))
}

/** Injects faults in front of the handlers of a service, behind admission. */
export class ServerChaos {
  readonly #policy: Chaos<ChaosRequest>
  readonly #onInject: (kind: string) => void
  /** What is drawn for requests that have not met it yet. */
  readonly #drawn = new WeakMap<Exchange, ChaosInjection>()

  constructor(policy: Chaos<ChaosRequest>, onInject: (kind: string) => void) {
    this.#policy = policy
    this.#onInject = onInject
  }

  /** Whether something is to be done to a request: then call `inject`. */
  strikes(exchange: Exchange): boolean {
    if (!this.#policy.isEnabled) return false
    const injection = this.#policy.draw(requestOf(exchange))
    if (injection === undefined) return false
    this.#onInject(injection.kind)
    this.#drawn.set(exchange, injection)
    return true
  }

  /** What happens to a request once it has been let in. */
  behind(exchange: Exchange, admission: Admission): Admission {
    return {
      proceed: () => {
        if (this.strikes(exchange)) this.inject(exchange, admission)
        else admission.proceed()
      },
      refuse: (error) => admission.refuse(error),
    }
  }

  /** Does to a request what was drawn for it, if anything; otherwise `false`. */
  inject(exchange: Exchange, admission: Admission): boolean {
    const injection = this.#drawn.get(exchange)
    if (injection === undefined) return false
    this.#drawn.delete(exchange)
    void injected(injection, exchange, admission)
    return true
  }
}

async function injected(
  { kind, latencyMs, answer, makeError }: ChaosInjection,
  exchange: Exchange,
  { proceed, refuse }: Admission,
): Promise<void> {
  try {
    if (latencyMs > 0) await sleep(latencyMs, exchange.context, 'waiting')
    if (kind === 'timeout') await sleep(Number.POSITIVE_INFINITY, exchange.context, 'waiting')
  } catch (reason) {
    // Who has left is told nothing, and who was to get no answer gets none at the deadline either.
    if (exchange.aborted) return
    if (kind === 'timeout') drop(exchange)
    else refuse(reason)
    return
  }
  if (kind === 'connection' || kind === 'reset') {
    drop(exchange)
    return
  }
  const error = kind === 'status' ? problemOf(answer as ChaosAnswer) : await makeError?.()
  // The function may have taken longer than the caller has waited.
  if (exchange.aborted) return
  if (error === undefined) {
    proceed()
    return
  }
  exchange.refusal = 'chaos'
  refuse(markInjected(error))
}

/** Cuts the connection, as a service does that dies. */
function drop(exchange: Exchange): void {
  exchange.refusal = 'chaos'
  exchange.response.destroy()
}

function problemOf({ status, retryAfterMs }: ChaosAnswer): ProblemError {
  const headers: Record<string, string> = { [chaosHeader]: 'status' }
  if (retryAfterMs !== undefined) headers['retry-after'] = String(Math.ceil(retryAfterMs / 1_000))
  return new ProblemError(status, 'injected by chaos', { headers, extensions: { injected: true } })
}

function requestOf({ method, path, request, route }: Exchange): ChaosRequest {
  const query = path.indexOf('?')
  return { method, path: query < 0 ? path : path.slice(0, query), headers: request.headers, route }
}
