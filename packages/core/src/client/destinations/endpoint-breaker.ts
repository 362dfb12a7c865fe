import {
  type CircuitBreaker,
  type CircuitBreakerOptions,
  circuitBreaker,
  reconfigure,
} from '../../policies/index.js'
import type { SharedPolicyOptions } from '../slots/policy-slots.js'

/** What the breaker of one endpoint is made from, by the options of the client; `false` for none. */
export type BreakerOptionsOf = (options: SharedPolicyOptions) => CircuitBreakerOptions | false

/**
 * The breaker of one endpoint, which may be switched off and on, and change its options. One that is switched off is
 * closed and kept: what began under it reports to it still.
 */
export class EndpointBreaker {
  readonly #optionsOf: BreakerOptionsOf
  readonly #onMade: (breaker: CircuitBreaker) => void
  #kept: CircuitBreaker | undefined = undefined

  /** @param onMade is told of every breaker that is made */
  constructor(optionsOf: BreakerOptionsOf, onMade: (breaker: CircuitBreaker) => void) {
    this.#optionsOf = optionsOf
    this.#onMade = onMade
  }

  /** The breaker by the options of the client, which have been checked; `undefined` where it is switched off. */
  by(options: SharedPolicyOptions): CircuitBreaker | undefined {
    const own = this.#optionsOf(options)
    if (own === false) {
      this.#kept?.reset()
      return undefined
    }
    if (this.#kept !== undefined) reconfigure(this.#kept, own)
    else {
      this.#kept = circuitBreaker(own)
      this.#onMade(this.#kept)
    }
    return this.#kept
  }

  /** Stops its timers. */
  shutdown(): void {
    this.#kept?.shutdown()
  }
}
