import { AbortScope, cancel, type Due, schedule, timerSlackMs } from '../../foundation/cancellation/index.js'
import { AbortedError, DeadlineExceededError } from '../../foundation/errors/index.js'
import { isPriority, type Priority } from '../../foundation/priority/index.js'
import { correlationIdOf } from './correlation-id.js'
import { inboundTimeoutMs } from './inbound-deadline.js'
import type { Logger } from './logger.js'
import type { RequestContext } from './request-context.js'
import { readTraceContext, type TraceContext, type TraceIds, traceIdsOf } from './trace-context.js'

/** Makes the logger of a context when it is first asked for. */
export type LoggerOf = (context: ActiveContext) => Logger

/** Something that has a span's ids for who asks: most requests log nothing that would need them. */
export interface SpanCarrier {
  readonly ids: TraceIds | undefined
}

/** What a context begins with. */
export interface ContextInit {
  readonly correlationId: string
  readonly trace: TraceContext
  readonly priority: Priority
  /** Milliseconds until the deadline; `undefined` for none. */
  readonly timeoutMs: number | undefined
  readonly loggerOf: LoggerOf
}

/** The request headers that a context begins with. */
export function readInbound(
  headers: Readonly<Record<string, unknown>>,
  loggerOf: LoggerOf,
  maxTimeoutMs?: number,
): ContextInit {
  const asked = inboundTimeoutMs(headers)
  const priority = headers['x-request-priority']
  return {
    correlationId: correlationIdOf(headers['x-correlation-id'], headers['x-request-id']),
    trace: readTraceContext(headers),
    priority: isPriority(priority) ? priority : 'default',
    timeoutMs: maxTimeoutMs === undefined ? asked : Math.min(maxTimeoutMs, asked ?? maxTimeoutMs),
    loggerOf,
  }
}

/**
 * The context of one request or job while it is worked on. It is the scope of all calls made for it: they are
 * aborted with it and end no later.
 */
export class ActiveContext extends AbortScope implements RequestContext, Due {
  readonly correlationId: string
  readonly trace: TraceContext
  readonly priority: Priority
  /** When the time is up, by `performance.now()`; `Infinity` without a deadline or once the answer is sent. */
  deadline: number
  /** The route's template, once a framework has found it. */
  route: string | undefined = undefined
  /** The span of the request, where it is traced. */
  span: SpanCarrier | undefined = undefined
  dueAt = Number.POSITIVE_INFINITY
  earlier: Due | undefined = undefined
  later: Due | undefined = undefined
  queue: Due['queue'] = undefined
  /** For a context that begins within this one. */
  readonly loggerOf: LoggerOf
  #logger: Logger | undefined = undefined

  constructor(init: ContextInit, now: number = performance.now()) {
    super()
    this.correlationId = init.correlationId
    this.trace = init.trace
    this.priority = init.priority
    this.loggerOf = init.loggerOf
    this.deadline = Number.POSITIVE_INFINITY
    if (init.timeoutMs !== undefined) {
      this.deadline = now + init.timeoutMs
      schedule(this, init.timeoutMs, now)
    }
  }

  get traceparent(): string | undefined {
    return this.trace.traceparent
  }

  get tracestate(): string | undefined {
    return this.trace.tracestate
  }

  get baggage(): string | undefined {
    return this.trace.baggage
  }

  /** Of the request's own span, or of the caller's trace without one. */
  get traceId(): string | undefined {
    return (this.span?.ids ?? traceIdsOf(this.trace.traceparent))?.traceId
  }

  /** Of the request's own span. */
  get spanId(): string | undefined {
    return this.span?.ids?.spanId
  }

  get logger(): Logger {
    this.#logger ??= this.loggerOf(this)
    return this.#logger
  }

  remainingMs(): number {
    return this.deadline === Number.POSITIVE_INFINITY
      ? this.deadline
      : Math.max(0, this.deadline - performance.now())
  }

  /** For the shared timer: the time is up. */
  fire(): void {
    if (performance.now() + timerSlackMs < this.deadline) {
      schedule(this, this.deadline - performance.now(), performance.now())
      return
    }
    this.abort(new DeadlineExceededError('the request ran out of time', { phase: 'waiting' }))
  }

  /** The caller has gone before the answer. */
  leave(cause?: unknown): void {
    cancel(this)
    this.abort(
      new AbortedError('the caller of this request has gone', cause === undefined ? undefined : { cause }),
    )
  }

  /** The answer is sent: what still goes on keeps the correlation, but no deadline and no abort. */
  end(): void {
    cancel(this)
    this.deadline = Number.POSITIVE_INFINITY
  }

  /** The same correlation without the deadline and the aborts. */
  detached(): ActiveContext {
    const { correlationId, trace, priority, loggerOf } = this
    const context = new ActiveContext({ correlationId, trace, priority, timeoutMs: undefined, loggerOf })
    context.route = this.route
    context.span = this.span
    return context
  }
}
