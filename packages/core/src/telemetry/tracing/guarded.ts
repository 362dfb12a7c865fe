import { diag, INVALID_SPAN_CONTEXT, type Span, trace } from '@opentelemetry/api'

/** A span that records nothing. */
export const noSpan: Span = trace.wrapSpanContext(INVALID_SPAN_CONTEXT)

/** Runs code of an SDK, whose processors, samplers and propagators may be anybody's: no call fails because of them. */
export function guarded<Result>(work: () => Result, otherwise: Result): Result {
  try {
    return work()
  } catch (error) {
    diag.error('tracing failed', error)
    return otherwise
  }
}
