import {
  type AdaptiveConcurrency,
  adaptiveConcurrency,
  type Bulkhead,
  bulkhead,
  type RateLimit,
  type RateLimitOptions,
  type RetryBudget,
  rateLimit,
  reconfigure,
  retryBudget,
} from '../../policies/index.js'
import {
  type CommonPolicies,
  isBudget,
  limitOptionsOf,
  permitsOf,
  type SharedPolicyOptions,
} from '../slots/shared-policies.js'

interface Kept {
  adaptive: AdaptiveConcurrency | undefined
  bulkhead: Bulkhead | undefined
  rateLimit: RateLimit | undefined
  /** Not one that was given, which is its owner's. */
  budget: RetryBudget | undefined
}

/**
 * The policies of a client whose options change. Each is made once: its state stays while its options change, and one
 * that is switched off is kept, because calls in flight hold its permits and give them back to it.
 */
export class KeptPolicies {
  readonly #kept: Kept
  readonly #onMade: (policies: Partial<CommonPolicies>) => void
  /** What the rate limit has last gone by. */
  #quota: RateLimitOptions | undefined

  /** @param onMade is told of policies that are made later */
  constructor(
    policies: CommonPolicies,
    options: SharedPolicyOptions,
    onMade: (policies: Partial<CommonPolicies>) => void,
  ) {
    const budget = isBudget(options.retryBudget) ? undefined : policies.budget
    this.#kept = { ...policies, budget }
    this.#quota = limitOptionsOf(options).rateLimit || undefined
    this.#onMade = onMade
  }

  /** The options of the rate limit that there is, in use or not: where it counts cannot change. */
  get quota(): RateLimitOptions | undefined {
    return this.#quota
  }

  /** The policies by options that have been checked. */
  by(options: SharedPolicyOptions): CommonPolicies {
    const limits = limitOptionsOf(options)
    if (limits.rateLimit !== false) this.#quota = limits.rateLimit
    return {
      adaptive: this.#keep('adaptive', limits.adaptiveConcurrency, adaptiveConcurrency),
      bulkhead: this.#keep('bulkhead', limits.bulkhead, bulkhead),
      rateLimit: this.#keep('rateLimit', limits.rateLimit, rateLimit),
      budget: isBudget(options.retryBudget)
        ? options.retryBudget
        : this.#keep('budget', options.retryBudget ?? {}, retryBudget),
    }
  }

  #keep<Name extends keyof Kept, Options extends object>(
    name: Name,
    options: Options | false,
    make: (options: Options) => NonNullable<Kept[Name]>,
  ): Kept[Name] {
    if (options === false) return undefined as Kept[Name]
    const kept = this.#kept[name]
    if (kept !== undefined) {
      reconfigure(kept, options)
      return kept
    }
    const made = make(options)
    this.#kept[name] = made
    this.#onMade({ [name]: made })
    return made
  }

  /** Those who hold a permit of a limit that was switched off count as long as they do. */
  permits(now: CommonPolicies) {
    const { adaptive, bulkhead: fixed } = this.#kept
    return {
      ...permitsOf(now),
      inFlight: (adaptive?.inFlight ?? 0) + (fixed?.inFlight ?? 0),
      queued: (adaptive?.queued ?? 0) + (fixed?.queued ?? 0),
    }
  }

  close(): void {
    this.#kept.rateLimit?.close()
  }
}
