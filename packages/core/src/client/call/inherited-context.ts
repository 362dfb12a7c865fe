import type { Abortable } from '../../foundation/cancellation/index.js'
import { AbortedError, DeadlineExceededError, isHoldfastError } from '../../foundation/errors/index.js'
import type { Priority } from '../../foundation/priority/index.js'
import type { Execution } from '../../policies/index.js'
import { type ActiveContext, addContextHeaders } from '../../telemetry/context/index.js'

const priorityHeader = 'x-request-priority'

/** Ends a call with the request that it is made for. Each call gets an error of its own: it tells of that call. */
export class InheritedAbort implements Abortable {
  readonly #call: Abortable

  constructor(call: Abortable) {
    this.#call = call
  }

  abort(reason: unknown): void {
    this.#call.abort(inheritedReason(reason))
  }
}

/** Why a call ends with the request that it is made for, which has ended for `reason`. */
export function inheritedReason(reason: unknown): AbortedError | DeadlineExceededError {
  return isHoldfastError(reason, 'DEADLINE_EXCEEDED')
    ? outOfTime()
    : new AbortedError('the request that this call was made for has ended', { cause: reason })
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
  // Of one trace and another nobody can make sense.
  if (headers.traceparent !== undefined) delete carried.tracestate
  return Object.assign(carried, headers)
}

/** Tells the next service the priority of the call, unless the caller's `own` headers do. */
export function withPriority(
  headers: Record<string, string>,
  priority: Priority,
  own: Readonly<Record<string, string>>,
): Record<string, string> {
  if (own[priorityHeader] !== undefined) return headers
  // No header says `default` too, which need not be sent, but must where the request around says otherwise.
  if (priority === 'default' && headers[priorityHeader] === undefined) return headers
  return { ...headers, [priorityHeader]: priority }
}

/** Tells the next service how long the answer is waited for, so that it need not work for nobody. */
export function withRemainingTime(
  headers: Record<string, string>,
  { deadline, sentAt }: Execution,
): Record<string, string> {
  if (deadline === Number.POSITIVE_INFINITY) return headers
  return { 'x-request-timeout-ms': `${Math.max(1, Math.floor(deadline - sentAt))}`, ...headers }
}
