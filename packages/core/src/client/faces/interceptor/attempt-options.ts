import type { Dispatcher } from 'undici'
import type { Execution } from '../../../policies/index.js'
import type { AttemptSpan } from '../../../telemetry/tracing/index.js'
import { withContextHeaders, withPriority, withRemainingTime } from '../../call/inherited-context.js'
import type { InterceptedCall } from './intercepted-call.js'
import { addHeaders, headerNames } from './request-headers.js'

/** What is dispatched for one attempt: the user's request, and what it carries on to a host that may know of it. */
export function attemptOptions(
  { context, options, priority, propagates }: InterceptedCall,
  execution: Execution,
  span: AttemptSpan | undefined,
): Dispatcher.DispatchOptions {
  const isPlain = context === undefined && span === undefined && priority === undefined
  if (!propagates || isPlain) return options
  const present = headerNames(options.headers)
  const ownsTrace = present.has('traceparent')
  let carried: Record<string, string> = {}
  if (context !== undefined) carried = withRemainingTime(withContextHeaders(carried, context), execution)
  if (priority !== undefined) carried = withPriority(carried, priority, {})
  if (ownsTrace) delete carried.tracestate
  else span?.inject(carried)
  for (const name of Object.keys(carried)) if (present.has(name)) delete carried[name]
  return { ...options, headers: addHeaders(options.headers, carried) }
}
