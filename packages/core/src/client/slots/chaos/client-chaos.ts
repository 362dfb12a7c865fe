import type { Emitter } from '../../../foundation/events/index.js'
import {
  type Chaos,
  type ChaosInjection,
  type ChaosOption,
  type Execution,
  resolveChaos,
} from '../../../policies/index.js'
import type { ClientEvents } from '../../../telemetry/events/index.js'
import { namesOf } from '../../attempt/named-call.js'
import type { ChaosAttempt } from '../chaos.js'

/** What is known of a request before it is sent. */
export type ChaosTarget = Pick<ChaosAttempt, 'dependency' | 'method' | 'origin' | 'path'>

/** The chaos of one client. */
export class ClientChaos {
  readonly #policy: Chaos<ChaosAttempt>
  readonly #events: Emitter<ClientEvents>

  constructor(policy: Chaos<ChaosAttempt>, events: Emitter<ClientEvents>) {
    this.#policy = policy
    this.#events = events
  }

  /** By an option that has been checked; `undefined` for none. */
  static of(
    given: ChaosOption<ChaosAttempt> | undefined,
    events: Emitter<ClientEvents>,
  ): ClientChaos | undefined {
    const policy = resolveChaos(given)
    return policy && new ClientChaos(policy, events)
  }

  get isEnabled(): boolean {
    return this.#policy.isEnabled
  }

  /** What happens to the attempt of `execution`; `undefined` for nothing. Ask `isEnabled` first. */
  draw({ dependency, method, origin, path }: ChaosTarget, execution: Execution): ChaosInjection | undefined {
    const { attempt, hedged } = execution
    const { operation, correlationId } = namesOf(execution)
    // Field by field: to spread the target costs 6 us.
    const call = { dependency, operation, method, origin, path, attempt, hedged }
    const injection = this.#policy.draw(call)
    if (injection !== undefined && this.#events.has('chaos')) {
      const { answer, kind, latencyMs } = injection
      const what = { kind, latencyMs, status: answer?.status }
      this.#events.emit('chaos', { dependency, operation, correlationId, ...what })
    }
    return injection
  }

  /** Reports that it is on, and when it is switched, until the returned function is called. */
  announce(dependency: string): () => void {
    const report = (isEnabled: boolean) => this.#events.emit('chaosSwitched', { dependency, isEnabled })
    if (this.#policy.isEnabled) report(true)
    return this.#policy.on('switch', ({ isEnabled }) => report(isEnabled))
  }
}
