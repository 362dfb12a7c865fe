import type { IncomingMessage, ServerResponse } from 'node:http'
import { type ActiveContext, contextStorage } from '../context/index.js'
import type { ServerSpan } from '../tracing/index.js'
import { bindEvents } from './bind-events.js'
import { whenClosed } from './when-closed.js'

const clientClosedRequest = 499

/** A request that is over. */
export interface ServedExchange {
  readonly exchange: Exchange
  readonly durationMs: number
  /** 499 when the caller left before the headers were sent. */
  readonly status: number
  /** Whether the caller left before the end of the answer. */
  readonly aborted: boolean
  readonly error: unknown
}

/** One request and its answer. It ends once, with the answer's last byte or when the caller leaves. */
export class Exchange {
  readonly context: ActiveContext
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly span: ServerSpan | undefined
  readonly startedAt: number
  readonly #onEnd: (served: ServedExchange) => void
  #error: unknown = undefined
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
    onEnd: (served: ServedExchange) => void,
  ) {
    this.request = begin.request
    this.response = begin.response
    this.context = begin.context
    this.span = begin.span
    this.startedAt = begin.startedAt
    this.#onEnd = onEnd
    begin.response.on('close', this.#close)
    // The answer to a pipelined request waits for its turn without a socket, and hears nothing of its end.
    if (begin.response.socket === null) this.#stopWaiting = whenClosed(begin.request.socket, this.#close)
    bindEvents(begin.request, begin.context)
    bindEvents(begin.response, begin.context)
  }

  get correlationId(): string {
    return this.context.correlationId
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

  /** Runs `fn` in the context of the request, below its span. */
  run<Result>(fn: () => Result): Result {
    const { context, span } = this
    if (span === undefined) return contextStorage.run(context, fn)
    return contextStorage.run(context, () => span.run(fn))
  }

  /** Remembers what the handler failed with, for the log and the span. */
  fail(error: unknown): void {
    this.#error = error
  }

  readonly #close = (): void => {
    if (this.#ended) return
    this.#ended = true
    const { context, response } = this
    const aborted = !response.writableFinished
    if (aborted) context.leave()
    context.end()
    this.#stopWaiting?.()
    this.#onEnd({
      exchange: this,
      durationMs: performance.now() - this.startedAt,
      // What was never sent has no status: the default of 200 would be a lie.
      status: aborted && !response.headersSent ? clientClosedRequest : response.statusCode,
      aborted,
      error: this.#error,
    })
  }
}
