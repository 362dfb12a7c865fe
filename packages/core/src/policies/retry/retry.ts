import pRetry from 'p-retry'
import { OptionCheck } from '../../foundation/config/index.js'
import { type HttpError, isHoldfastError } from '../../foundation/errors/index.js'
import { guarded, guardedRandom } from '../../foundation/events/index.js'
import type { Execution, Step } from '../kernel/index.js'
import { BasePolicy, isLocalRefusal, type Policy, sleep } from '../kernel/index.js'
import { type RetryBudget, retryBudget } from './retry-budget.js'

/** Options of `retry`. */
export interface RetryOptions {
  /**
   * Attempts in all, the first included.
   * @default 3
   */
  readonly maxAttempts?: number
  /**
   * The longest wait before the second attempt, in milliseconds; it doubles with every attempt. The wait itself is
   * drawn evenly between 0 and that ("full jitter").
   * @default 50
   */
  readonly baseMs?: number
  /**
   * The longest wait, in milliseconds.
   * @default 2000
   */
  readonly maxMs?: number
  /**
   * Whether a failure is worth another attempt. By default Holdfast's errors say so themselves (`retryable`), a
   * refusal by another policy and a programming error (`TypeError` without a cause) are final, and the rest is
   * retried.
   */
  readonly when?: (error: unknown, execution: Execution) => boolean
  /** The shortest wait that the dependency asks for, in milliseconds. By default that of an `HttpError`. */
  readonly retryAfterMs?: (error: unknown) => number | undefined
  /** Whether a failed first attempt still earns budget, because the dependency did answer. By default none does. */
  readonly earns?: (error: unknown, execution: Execution) => boolean
  /**
   * What pays for retries; `false` for no bound.
   * @default a budget of its own
   */
  readonly budget?: RetryBudget | false
  /**
   * Source of chance, from 0 to below 1.
   * @default Math.random
   */
  readonly random?: () => number
}

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

const never = (): boolean => false

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

  constructor(options: RetryOptions) {
    super()
    this.#maxAttempts = options.maxAttempts ?? 3
    this.#baseMs = options.baseMs ?? 50
    this.#maxMs = options.maxMs ?? 2000
    const { when, retryAfterMs, earns } = options
    this.#when = when === undefined ? isWorthRetrying : guarded('when of retry()', when, never)
    this.#retryAfterMs =
      retryAfterMs === undefined ? askedFor : guarded('retryAfterMs of retry()', retryAfterMs, askedFor)
    this.#earns = earns === undefined ? never : guarded('earns of retry()', earns, never)
    this.#budget = options.budget === false ? undefined : (options.budget ?? retryBudget())
    this.#random = guardedRandom(options.random ?? Math.random)
  }

  link(next: Step): Step {
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

  async #retry(next: Step, execution: Execution, firstFailure: unknown): Promise<unknown> {
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

function isWorthRetrying(error: unknown): boolean {
  if (isHoldfastError(error)) return error.retryable && !isLocalRefusal(error)
  if (error instanceof TypeError) return error.cause !== undefined
  return (error as { name?: unknown } | null | undefined)?.name !== 'AbortError'
}

function askedFor(error: unknown): number | undefined {
  return isHoldfastError(error, 'HTTP_STATUS') ? (error as HttpError).retryAfterMs : undefined
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
  const check = new OptionCheck('retry()')
  const names = ['maxAttempts', 'baseMs', 'maxMs', 'when', 'retryAfterMs', 'earns', 'budget', 'random']
  if (check.object('', options, names)) {
    check.number('maxAttempts', options.maxAttempts, { min: 1, max: 100, integer: true })
    check.milliseconds('baseMs', options.baseMs, { min: 0, exclusive: false })
    check.milliseconds('maxMs', options.maxMs, { min: 0, exclusive: false })
    check.function('when', options.when)
    check.function('retryAfterMs', options.retryAfterMs)
    check.function('earns', options.earns)
    check.function('random', options.random)
    const { baseMs, maxMs, budget } = options
    if (baseMs !== undefined && maxMs !== undefined && baseMs > maxMs) {
      check.add(
        'baseMs',
        `is above maxMs (${baseMs} > ${maxMs}); the first wait cannot be longer than the longest`,
      )
    }
    if (budget !== undefined && budget !== false && typeof budget?.tryWithdraw !== 'function') {
      check.add('budget', 'must be what retryBudget() returns, or false')
    }
  }
  check.done()
  return new RetryPolicy(options)
}
