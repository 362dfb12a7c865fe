import type { Priority } from '../../foundation/priority/index.js'
import type { Logger } from './logger.js'

/** What is known of the request that the current code works for. */
export interface RequestContext {
  /** The id that joins everything done for one request, in all services. */
  readonly correlationId: string
  /** W3C Trace Context as the caller sent it; `undefined` when it sent none that is well-formed. */
  readonly traceparent: string | undefined
  readonly tracestate: string | undefined
  readonly baggage: string | undefined
  readonly priority: Priority
  /** The template of the route, such as `/orders/{id}`, once the framework has found it. */
  readonly route: string | undefined
  /** Aborts when the caller leaves or the time is up. */
  readonly signal: AbortSignal
  /** Logs with the correlation id and the trace id. */
  readonly logger: Logger
  /** Milliseconds that the caller will still wait; `Infinity` without a deadline and after the answer. */
  remainingMs(): number
}
