import pRetry from 'p-retry'
import { isHoldfastError } from '../../foundation/errors/index.js'
import type { Execution, Step } from '../kernel/index.js'
import { BasePolicy, isLocalRefusal, type Policy, sleep } from '../kernel/index.js'
import { type ResolvedRetry, type RetryOptions, resolveRetryOptions } from './options.js'
import type { RetryBudget } from './retry-budget.js'

/** A retry that is about to be made. */
export interface RetryEvent {
  /** The attempt that will follow; 2 for the first retry. */
  readonly attempt: number
  readonly delayMs: number
  readonly error: unknown
  readonly execution: Execution
}

/** A failure that was worth another attempt and got none. */
export interface GiveUpEvent {
  readonly reason: 'attempts' | 'budget' | 'deadline' | 'refused'
  readonly error: unknown
  readonly execution: Execution
}

/** The events of a retry policy. */
export interface RetryEvents {
  retry: RetryEvent
  giveUp: GiveUpEvent
}

const longestTimerMs = 2 ** 31 - 1

/** p-retry takes only errors, and has its own opinion of TypeErrors: failures travel through it in a box. */
class FailedAttempt extends Error {
  readonly failure: unknown
  constructor(failure: unknown) {
    super()
    this.failure = failure
  }
}

class RetryPolicy extends BasePolicy<RetryEvents> {
  readonly #maxAttempts: number
  readonly #baseMs: number
  readonly #maxMs: number
  readonly #when: (error: unknown, execution: Execution) => boolean
  readonly #retryAfterMs: (error: unknown) => number | undefined
  readonly #earns: (error: unknown, execution: Execution) => boolean
  readonly #budget: RetryBudget | undefined
  readonly #random: () => number

  constructor(options: ResolvedRetry) {
    super()
    this.#maxAttempts = options.maxAttempts
    this.#baseMs = options.baseMs
    this.#maxMs = options.maxMs
    this.#when = options.when
    this.#retryAfterMs = options.retryAfterMs
    this.#earns = options.earns
    this.#budget = options.budget
    this.#random = options.random
  }

  link<Data>(next: Step<Data>): Step<Data> {
    return async (execution) => {
      try {
        const value = await next(execution)
        this.#budget?.deposit()
        return value
      } catch (error) {
        if (this.#earns(error, execution)) this.#budget?.deposit()
        if (execution.aborted || !this.#when(error, execution)) throw error
        // A call enters p-retry, which costs more than the rest of a call, only when it has something to retry.
        return this.#retry(next, execution, error)
      }
    }
  }

  async #retry<Data>(next: Step<Data>, execution: Execution<Data>, firstFailure: unknown): Promise<unknown> {
    const attempt = async (number: number): Promise<unknown> => {
      if (number === 1) throw new FailedAttempt(firstFailure)
      execution.attempt = number
      try {
        return await next(execution)
      } catch (error) {
        throw new FailedAttempt(error)
      }
    }
    let last = firstFailure
    try {
      return await pRetry(attempt, {
        retries: this.#maxAttempts - 1,
        minTimeout: 0,
        factor: 1,
        onFailedAttempt: ({ error, attemptNumber, retriesLeft }) => {
          const { failure } = error as FailedAttempt
          if (retriesLeft === 0 && this.#isWorthAnother(failure, execution, attemptNumber)) {
            this.#giveUp('attempts', failure, execution)
          }
        },
        shouldRetry: async ({ error, attemptNumber }) => {
          const { failure } = error as FailedAttempt
          if (!this.#isWorthAnother(failure, execution, attemptNumber)) return false
          last = failure
          return this.#prepare(failure, execution, attemptNumber)
        },
      })
    } catch (error) {
      const failure = error instanceof FailedAttempt ? error.failure : error
      const wasRefused = !execution.aborted && isLocalRefusal(failure) && failure !== firstFailure
      if (!wasRefused) throw blame(failure, last)
      // An attempt that was refused here says less than the failure that it was to make good.
      execution.attempt--
      this.#budget?.refund()
      this.#giveUp('refused', last, execution)
      throw last
    }
  }

  #isWorthAnother(error: unknown, execution: Execution, attemptsMade: number): boolean {
    if (execution.aborted) return false
    return attemptsMade === 1 || (!isLocalRefusal(error) && this.#when(error, execution))
  }

  /** Decides on another attempt, pays for it and waits for its turn. */
  async #prepare(error: unknown, execution: Execution, attemptsMade: number): Promise<boolean> {
    const askedMs = this.#retryAfterMs(error) || 0
    const delayMs = Math.max(this.#jitter(attemptsMade), askedMs)
    // A timer that is asked for more than it can hold fires at once.
    if (delayMs >= execution.remainingMs() || delayMs > longestTimerMs) {
      return this.#giveUp('deadline', error, execution)
    }
    if (this.#budget !== undefined && !this.#budget.tryWithdraw()) {
      return this.#giveUp('budget', error, execution)
    }
    const attempt = attemptsMade + 1
    if (this.events.has('retry')) this.events.emit('retry', { attempt, delayMs, error, execution })
    try {
      await sleep(delayMs, execution)
    } catch (reason) {
      this.#budget?.refund()
      throw blame(reason, error)
    }
    return true
  }

  /** Full jitter: Marc Brooker, "Exponential Backoff and Jitter", AWS Architecture Blog, 2015. */
  #jitter(attemptsMade: number): number {
    return this.#random() * Math.min(this.#maxMs, this.#baseMs * 2 ** (attemptsMade - 1))
  }

  #giveUp(reason: GiveUpEvent['reason'], error: unknown, execution: Execution): false {
    if (this.events.has('giveUp')) this.events.emit('giveUp', { reason, error, execution })
    return false
  }
}

/** A deadline that ran out during a retry names the failure before it as its cause. */
function blame(failure: unknown, last: unknown): unknown {
  if (isHoldfastError(failure, 'DEADLINE_EXCEEDED') && failure !== last) failure.cause ??= last
  return failure
}

/**
 * Tries again after a failure that may pass: waits with exponential backoff and full jitter, never longer than the
 * time that is left, never sooner than the dependency asked, and only within a budget.
 *
 * @throws {ConfigInvalidError} `CONFIG_INVALID` when an option is out of range.
 * @example
 * ```ts
 * import { retry } from '@holdfast/core'
 *
 * let calls = 0
 * const policy = retry({ maxAttempts: 3, baseMs: 1 })
 * const answer = await policy.execute(() => {
 *   if (++calls < 3) throw new Error('not yet')
 *   return 'here'
 * })
 * console.log(answer) // here
 * ```
 */
export function retry(options: RetryOptions = {}): Policy<RetryEvents> {
  return new RetryPolicy(resolveRetryOptions(options))
}
