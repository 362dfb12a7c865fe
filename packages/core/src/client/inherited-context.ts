import type { Abortable } from '../cancellation/index.js'
import { type ActiveContext, addContextHeaders } from '../context/index.js'
import { AbortedError, DeadlineExceededError, isHoldfastError } from '../errors/index.js'
import type { Execution } from '../policies/index.js'

/** Ends a call with the request that it is made for. Each call gets an error of its own: it tells of that call. */
export class InheritedAbort implements Abortable {
  readonly #execution: Execution

  constructor(execution: Execution) {
    this.#execution = execution
  }

  abort(reason: unknown): void {
    this.#execution.abort(
      isHoldfastError(reason, 'DEADLINE_EXCEEDED')
        ? outOfTime()
        : new AbortedError('the request that this call was made for has ended', { cause: reason }),
    )
  }
}

/** The time of a call inside a request: no more than what the request has left. `undefined` for no limit. */
export function inheritedTimeout(
  timeoutMs: number | undefined,
  context: ActiveContext,
  now: number,
): number | undefined {
  const leftMs = context.deadline - now
  if (leftMs === Number.POSITIVE_INFINITY) return timeoutMs
  if (leftMs <= 0) throw outOfTime('queued')
  return timeoutMs === undefined ? leftMs : Math.min(timeoutMs, leftMs)
}

function outOfTime(phase?: 'queued'): DeadlineExceededError {
  return new DeadlineExceededError('the request that this call was made for ran out of time', { phase })
}

/** The headers of a request made in `context`, those that the caller gave winning. */
export function withContextHeaders(
  headers: Readonly<Record<string, string>>,
  context: ActiveContext,
): Record<string, string> {
  const carried: Record<string, string> = {}
  addContextHeaders(carried, context)
  return Object.assign(carried, headers)
}
