import { isSpanContextValid, type Span, TraceFlags, trace } from '@opentelemetry/api'
import type { TraceIds } from '../context/index.js'

/** The ids of the span that is active; `undefined` outside of one and without an OpenTelemetry SDK. */
export function activeTraceIds(): TraceIds | undefined {
  const span = trace.getActiveSpan()
  return span === undefined ? undefined : traceIdsOfSpan(span)
}

export function traceIdsOfSpan(span: Span): TraceIds | undefined {
  const spanContext = span.spanContext()
  if (!isSpanContextValid(spanContext)) return undefined
  const { traceId, spanId, traceFlags } = spanContext
  return { traceId, spanId, sampled: (traceFlags & TraceFlags.SAMPLED) !== 0 }
}
