import type { ActiveContext } from './active-context.js'

/** Adds to `headers` what a request made in `context` carries on: correlation, trace, baggage and priority. */
export function addContextHeaders(headers: Record<string, string>, context: ActiveContext): void {
  headers['x-correlation-id'] = context.correlationId
  const { baggage, traceparent, tracestate } = context.trace
  if (traceparent !== undefined) headers.traceparent = traceparent
  if (tracestate !== undefined) headers.tracestate = tracestate
  if (baggage !== undefined) headers.baggage = baggage
  if (context.priority !== 'default') headers['x-request-priority'] = context.priority
}
