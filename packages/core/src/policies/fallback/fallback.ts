import { isThenable } from '../../foundation/cancellation/index.js'
import { isHoldfastError, outcomeOfCode } from '../../foundation/errors/index.js'
import type { Execution, Step } from '../kernel/index.js'
import { BasePolicy, type Policy, untilAborted } from '../kernel/index.js'
import { type FallbackFunction, type FallbackOptions, resolveFallbackOptions } from './options.js'

/** The events of a fallback. */
export interface FallbackEvents {
  /** A call has failed with `error` and is answered by the fallback. */
  fallback: { readonly error: unknown; readonly execution: Execution }
}

class FallbackPolicy extends BasePolicy<FallbackEvents> {
  readonly #answer: FallbackFunction
  readonly #when: (error: unknown, execution: Execution) => boolean

  constructor(answer: FallbackFunction, when: FallbackOptions['when'] = deservesFallback) {
    super()
    this.#answer = answer
    this.#when = when
  }

  link<Data>(next: Step<Data>): Step<Data> {
    return async (execution) => {
      try {
        return await next(execution)
      } catch (error) {
        if (!this.#when(error, execution)) throw error
        if (this.events.has('fallback')) this.events.emit('fallback', { error, execution })
        return this.#standIn(error, execution)
      }
    }
  }

  /** A promise is given up on as soon as the execution is: after an abort nobody waits for one. */
  async #standIn(error: unknown, execution: Execution): Promise<unknown> {
    try {
      const answer = this.#answer(error, execution)
      return isThenable(answer) ? await untilAborted(execution, Promise.resolve(answer)) : answer
    } catch (failure) {
      throw blame(failure, error)
    }
  }
}

function deservesFallback(error: unknown, execution: Execution): boolean {
  return !execution.aborted && (!isHoldfastError(error) || outcomeOfCode(error.code).call.fallback)
}

/** A fallback that fails names the failure that it was to make good. */
function blame(failure: unknown, original: unknown): unknown {
  if (failure instanceof Error && !isBehind(failure, original) && Object.isExtensible(failure)) {
    failure.cause ??= original
  }
  return failure
}

/** Causes further down are not looked at. */
const maxCauses = 20

/** Whether `failure` is `error` or among its causes, as where a fallback rethrows `error.cause`. */
function isBehind(failure: unknown, error: unknown): boolean {
  let cause = error
  for (let depth = 0; depth < maxCauses && cause !== undefined; depth++) {
    if (cause === failure) return true
    cause = cause instanceof Error ? cause.cause : undefined
  }
  return false
}

/**
 * Answers a failed call with something else: a value, or what a function (which may be async) makes of the error.
 * Put it outermost. A function that hangs ends with the execution; one that throws fails the call with its own
 * error, whose `cause` is the original one.
 *
 * A fallback is for answers that are good enough: the last known value, an empty list, a default.
 *
 * @throws {ConfigInvalidError} `CONFIG_INVALID` when an option is not what it should be.
 * @example
 * ```ts
 * import { compose, fallback, timeout } from '@holdfast/core'
 *
 * const policy = compose(fallback(() => ['bestseller']), timeout({ timeoutMs: 20 }))
 * const books = await policy.execute(() => new Promise<string[]>(() => {}))
 * console.log(books) // [ 'bestseller' ]
 * ```
 */
export function fallback(valueOrFunction: unknown, options: FallbackOptions = {}): Policy<FallbackEvents> {
  const { when } = resolveFallbackOptions(options)
  const answer =
    typeof valueOrFunction === 'function' ? (valueOrFunction as FallbackFunction) : () => valueOrFunction
  return new FallbackPolicy(answer, when)
}
