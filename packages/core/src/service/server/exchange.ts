import type { IncomingMessage, ServerResponse } from 'node:http'
import { type ActiveContext, contextStorage, type TraceIds } from '../../telemetry/context/index.js'
import type { LoggedRequest } from '../../telemetry/logging/index.js'
import type { ServedRequest } from '../../telemetry/metrics/index.js'
import type { ServerSpan } from '../../telemetry/tracing/index.js'
import type { AdmissionReason } from '../admission/index.js'
import { bind, exchangeKey } from './bind-events.js'
import { whenClosed } from './when-closed.js'

const clientClosedRequest = 499

/**
 * One request and its answer. It ends once, with the answer's last byte or when the caller leaves, and is what
 * metrics and log are then given: an object for each of them would cost more than what they do with it.
 */
export class Exchange implements LoggedRequest, ServedRequest {
  readonly context: ActiveContext
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly span: ServerSpan | undefined
  readonly startedAt: number
  readonly method: string
  readonly correlationId: string
  /** Of the answer: 0 before its end, 499 when the caller left before the headers were sent. */
  status = 0
  /** 0 before the end. */
  durationMs = 0
  /** Whether the caller left before the end of the answer. */
  aborted = false
  /** The patterns of the mounts that the request is inside of, where a framework has them. */
  mounts = ''
  /** What a framework has matched, where its adapter wants to remember it. */
  matched: unknown = undefined
  /** What the handler failed with. */
  error: unknown = undefined
  /** When it was let in, by `performance.now()`; `undefined` while it waits, when it was refused and once it is over. */
  admittedAt: number | undefined = undefined
  /** Why it was not let in, or that chaos answered it. */
  refusal: AdmissionReason | 'chaos' | undefined = undefined
  /** Of our span, or of the caller's; known at the end. */
  trace: TraceIds | CallersTrace | undefined = undefined
  readonly #onEnd: (exchange: Exchange) => void
  #ended = false
  #stopWaiting: (() => void) | undefined = undefined

  constructor(
    begin: {
      readonly request: IncomingMessage
      readonly response: ServerResponse
      readonly context: ActiveContext
      readonly span: ServerSpan | undefined
      readonly startedAt: number
    },
    onEnd: (exchange: Exchange) => void,
  ) {
    this.request = begin.request
    this.response = begin.response
    this.context = begin.context
    this.span = begin.span
    this.startedAt = begin.startedAt
    this.method = begin.request.method ?? ''
    this.correlationId = begin.context.correlationId
    this.#onEnd = onEnd
    begin.response.on('close', this.#close)
    // The answer to a pipelined request waits for its turn without a socket, and hears nothing of its end.
    if (begin.response.socket === null) this.#stopWaiting = whenClosed(begin.request.socket, this.#close)
    bind(begin.request, this)
    bind(begin.response, this)
  }

  /** The template of the route that answers, such as `/orders/:id`; `undefined` when none matches. */
  set route(route: string | undefined) {
    this.context.route = route
    // Instrumentation whose span was adopted may end it before the exchange does.
    if (route !== undefined) this.span?.setRoute(route)
  }

  get route(): string | undefined {
    return this.context.route
  }

  /** The path as it came. Express cuts that of a mount off `url`. */
  get path(): string {
    const { request } = this
    return (request as { readonly originalUrl?: string }).originalUrl ?? request.url ?? ''
  }

  get remoteAddress(): string | undefined {
    return this.request.socket?.remoteAddress
  }

  /** Runs `fn` in the context of the request, below its span. */
  run<Result>(fn: () => Result): Result {
    const { context, span } = this
    if (span === undefined) return contextStorage.run(context, fn)
    return contextStorage.run(context, () => span.run(fn))
  }

  /** Remembers what the handler failed with, for the log and the span. */
  fail(error: unknown): void {
    this.error = error
  }

  readonly #close = (): void => {
    if (this.#ended) return
    this.#ended = true
    const { context, response } = this
    this.aborted = !response.writableFinished
    if (this.aborted) context.leave()
    context.end()
    this.#stopWaiting?.()
    this.durationMs = performance.now() - this.startedAt
    // What was never sent has no status: the default of 200 would be a lie.
    this.status = this.aborted && !response.headersSent ? clientClosedRequest : response.statusCode
    this.trace = this.span === undefined ? callersTrace(context) : this.span.ids
    this.#onEnd(this)
  }
}

/** The exchange that has begun for a request. */
export function exchangeOf(request: IncomingMessage): Exchange | undefined {
  return (request as { readonly [exchangeKey]?: Exchange })[exchangeKey]
}

/** The trace that the caller goes on with, of which we have no span. */
interface CallersTrace {
  readonly traceId: string
  readonly sampled: false
}

function callersTrace({ traceId }: ActiveContext): CallersTrace | undefined {
  return traceId === undefined ? undefined : { traceId, sampled: false }
}
