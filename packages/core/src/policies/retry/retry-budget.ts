import { mergeOptions } from '../../foundation/config/index.js'
import { type Reconfigurable, takeOn } from '../kernel/index.js'
import { type RetryBudgetOptions, resolveRetryBudget } from './retry-budget-options.js'

/** What bounds retries and hedges together. Share one among all policies that call the same dependency. */
export interface RetryBudget {
  /** Retries that can be paid for now. */
  readonly tokens: number
  /** Whether a retry may be made; it is paid for when `true`. */
  tryWithdraw(): boolean
  /** Gives back what a retry that was not made has paid. */
  refund(): void
  /** Earns `ratio` of a retry: a first attempt has succeeded. */
  deposit(): void
  /**
   * Changes options and keeps what is saved up, as far as a lower `maxTokens` allows it. What is not given stays.
   * @throws {ConfigInvalidError} `CONFIG_INVALID` when an option is out of range; then nothing has changed.
   */
  update(options: RetryBudgetOptions): void
}

/** Tenths add up to slightly less than one in binary. */
const epsilon = 1e-9

class TokenBudget implements RetryBudget, Reconfigurable<RetryBudgetOptions> {
  #given: RetryBudgetOptions
  #options: Required<RetryBudgetOptions>
  #tokens: number
  #lastWithdrawal = Number.NEGATIVE_INFINITY

  constructor(options: RetryBudgetOptions) {
    this.#given = options
    this.#options = resolveRetryBudget(options)
    this.#tokens = this.#options.maxTokens
  }

  get tokens(): number {
    return this.#tokens
  }

  tryWithdraw(): boolean {
    const { floorMs } = this.#options
    const now = performance.now()
    if (this.#tokens + epsilon >= 1) this.#tokens = Math.max(0, this.#tokens - 1)
    else if (floorMs === false || now - this.#lastWithdrawal < floorMs) return false
    this.#lastWithdrawal = now
    return true
  }

  refund(): void {
    this.#tokens = Math.min(this.#options.maxTokens, this.#tokens + 1)
  }

  deposit(): void {
    const { maxTokens, ratio } = this.#options
    this.#tokens = Math.min(maxTokens, this.#tokens + ratio)
  }

  update(options: RetryBudgetOptions): void {
    resolveRetryBudget(options, 'update() of retryBudget()')
    this[takeOn](mergeOptions(this.#given, options))
  }

  [takeOn](options: RetryBudgetOptions): void {
    this.#options = resolveRetryBudget(options)
    this.#given = options
    this.#tokens = Math.min(this.#options.maxTokens, this.#tokens)
  }
}

/**
 * A budget for retries: each success of a first attempt earns a tenth of a retry, so that retries add at most a
 * tenth to the load of a dependency that is down, where three attempts without a budget triple it.
 *
 * After Finagle's RetryBudget and gRPC's retry throttling (proposal A6).
 *
 * @throws {ConfigInvalidError} `CONFIG_INVALID` when an option is out of range.
 * @example
 * ```ts
 * import { retry, retryBudget } from '@holdfast/core'
 *
 * const budget = retryBudget({ ratio: 0.2 })
 * const reads = retry({ maxAttempts: 3, budget })
 * const writes = retry({ maxAttempts: 2, budget })
 * ```
 */
export function retryBudget(options: RetryBudgetOptions = {}): RetryBudget {
  return new TokenBudget(options)
}
