import {
  AttemptTimeoutError,
  DeadlineExceededError,
  type HoldfastError,
} from '../../foundation/errors/index.js'
import type { Execution, Step } from '../kernel/index.js'
import { BasePolicy, type Policy } from '../kernel/index.js'
import { resolveTimeoutOptions, type TimeoutOptions } from './options.js'

/** How long a call may take, decided call by call; `undefined` for as long as it likes. */
export type TimeoutOf<Data = unknown> = (execution: Execution<Data>) => number | undefined

/** The step of a timeout, for pipelines that decide the time call by call. */
export function linkTimeout<Data>(
  next: Step<Data>,
  timeoutOf: TimeoutOf<Data>,
  error: (timeoutMs: number) => HoldfastError,
): Step<Data> {
  return async (execution) => {
    const timeoutMs = timeoutOf(execution)
    if (timeoutMs === undefined) return next(execution)
    const part = execution.fork()
    part.expireIn(timeoutMs, error)
    try {
      const pending = next(part)
      part.arm()
      return await pending
    } finally {
      part.release()
    }
  }
}

/** The error of each scope. */
export const timeoutErrors = {
  total: (timeoutMs: number) => new DeadlineExceededError(`the call took longer than ${timeoutMs} ms`),
  attempt: (timeoutMs: number) => new AttemptTimeoutError(`the attempt took longer than ${timeoutMs} ms`),
} as const

class TimeoutPolicy extends BasePolicy {
  readonly #timeoutMs: number
  readonly #scope: 'total' | 'attempt'

  constructor({ timeoutMs, scope }: Required<TimeoutOptions>) {
    super()
    this.#timeoutMs = timeoutMs
    this.#scope = scope
  }

  link<Data>(next: Step<Data>): Step<Data> {
    return linkTimeout(next, () => this.#timeoutMs, timeoutErrors[this.#scope])
  }
}

/**
 * Fails a call that takes too long, at once, and aborts its `signal`. A function that ignores the signal goes on
 * in the background; a bulkhead around keeps its permit until it has ended.
 *
 * All timeouts of one call share one timer. A timeout inside another never outlives it.
 *
 * @throws {ConfigInvalidError} `CONFIG_INVALID` when `timeoutMs` is not a positive number.
 * @example
 * ```ts
 * import { setTimeout as sleep } from 'node:timers/promises'
 * import { isHoldfastError, timeout } from '@holdfast/core'
 *
 * const policy = timeout({ timeoutMs: 20 })
 * const error = await policy.execute(({ signal }) => sleep(1_000, 'late', { signal })).catch((error) => error)
 * console.log(isHoldfastError(error, 'DEADLINE_EXCEEDED')) // true
 * ```
 */
export function timeout(options: TimeoutOptions): Policy {
  return new TimeoutPolicy(resolveTimeoutOptions(options))
}
