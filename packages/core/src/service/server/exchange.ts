import type { IncomingMessage, ServerResponse } from 'node:http'
import { type ActiveContext, contextStorage, type TraceIds } from '../../telemetry/context/index.js'
import type { LoggedRequest } from '../../telemetry/logging/index.js'
import type { ServedRequest } from '../../telemetry/metrics/index.js'
import type { ServerSpan } from '../../telemetry/tracing/index.js'
import type { AdmissionReason } from '../admission/index.js'
import { bind, exchangeKey } from './bind-events.js'
import { whenClosed } from './when-closed.js'
import { whenEventStream } from './when-event-stream.js'

const clientClosedRequest = 499
const switchingProtocols = 101

/** Who hears of what becomes of an exchange. */
export interface ExchangeListener {
  ended(exchange: Exchange): void
  handedOver(exchange: Exchange): void
}

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
  /** Of the caller; a socket that is closed no longer knows it. */
  readonly remoteAddress: string | undefined
  /**
   * Of the answer: 0 before its end, 499 when the caller left before the headers were sent, 500 when this side broke it
   * off after them.
   */
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
  readonly #listener: ExchangeListener
  #ended = false
  #isBrokenOff = false
  #isHandedOver = false
  #stopWaiting: (() => void) | undefined = undefined

  constructor(
    begin: {
      readonly request: IncomingMessage
      readonly response: ServerResponse
      readonly context: ActiveContext
      readonly span: ServerSpan | undefined
      readonly startedAt: number
    },
    listener: ExchangeListener,
  ) {
    this.request = begin.request
    this.response = begin.response
    this.context = begin.context
    this.span = begin.span
    this.startedAt = begin.startedAt
    this.method = begin.request.method ?? ''
    this.remoteAddress = begin.request.socket?.remoteAddress
    this.correlationId = begin.context.correlationId
    this.#listener = listener
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
    return pathAsItCame(this.request)
  }

  /** Runs `fn` in the context of the request, below its span. */
  run<Result>(fn: () => Result): Result {
    const { context, span } = this
    if (span === undefined) return contextStorage.run(context, fn)
    return contextStorage.run(context, () => span.run(fn))
  }

  /** Has a turn go on in the context of the request, below its span. */
  proceed(turn: Proceeding): unknown {
    const { context, span } = this
    if (span === undefined) return contextStorage.run(context, proceedWith, turn)
    return contextStorage.run(context, () => span.run(() => turn.proceed()))
  }

  /** Remembers what the handler failed with, for the log and the span. */
  fail(error: unknown): void {
    const { request, response } = this
    // Whoever reads the body hears of a caller who has left before the response does, and would answer.
    if (hasLeft(request)) {
      this.#end(true)
      return
    }
    this.error = error
    if (response.headersSent) this.#isBrokenOff = true
  }

  /**
   * Leaves the answer to others, who write to the connection by themselves, such as a WebSocket: it holds no permit, and
   * its end is no caller who left.
   */
  handOver(): void {
    this.#isHandedOver = true
    this.#listener.handedOver(this)
  }

  /** Calls `fn` once the answer turns out to be an event stream. */
  whenEventStream(fn: () => void): void {
    whenEventStream(this.response, fn)
  }

  readonly #close = (): void => this.#end(false)

  #end(hasCallerLeft: boolean): void {
    if (this.#ended) return
    this.#ended = true
    const { context, request, response } = this
    const isWhole = (response.writableFinished || isInjected(request, response)) && !hasCallerLeft
    this.status = response.statusCode
    if (!isWhole) this.#endEarly(hasCallerLeft)
    context.end()
    this.#stopWaiting?.()
    this.durationMs = performance.now() - this.startedAt
    this.trace = this.span === undefined ? callersTrace(context) : this.span.ids
    this.#listener.ended(this)
  }

  #endEarly(hasCallerLeft: boolean): void {
    const { context, request, response } = this
    if (!response.headersSent && this.#isHandedOver && request.headers.upgrade !== undefined) {
      this.status = switchingProtocols
    } else if (!response.headersSent) {
      // What was never sent has no status: the default of 200 would be a lie.
      this.aborted = true
      this.status = clientClosedRequest
    } else if (!hasCallerLeft && (this.#isBrokenOff || isBrokenOff(request, response))) {
      this.status = 500
      this.error ??= response.errored ?? new Error('the answer was broken off on this side')
    } else this.aborted = true
    context.leave()
  }
}

/** The path and query of a request as they came. Frameworks cut off mounts, and rewrite. */
export function pathAsItCame(request: IncomingMessage): string {
  return (request as { readonly originalUrl?: string }).originalUrl ?? request.url ?? ''
}

interface Proceeding {
  proceed(): unknown
}

const proceedWith = (turn: Proceeding): unknown => turn.proceed()

/** Whether a test has made the request without a connection, which nobody can leave, and is answered. */
function isInjected({ complete }: Partial<IncomingMessage>, { writableEnded }: ServerResponse): boolean {
  return complete === undefined && writableEnded
}

/**
 * Whether the connection broke, or ended within the body of the request. Requests that were made without a connection
 * know neither.
 */
function hasLeft({ destroyed, complete, httpVersionMajor, socket }: IncomingMessage): boolean {
  if (httpVersionMajor >= 2) return destroyed && complete === false
  return (socket.errored ?? null) !== null || (complete === false && (destroyed || socket.destroyed))
}

/** A caller who leaves ends the connection, or breaks it: without either it was closed from here. */
function isBrokenOff({ httpVersionMajor, socket }: IncomingMessage, { errored }: ServerResponse): boolean {
  if (errored !== null && errored !== undefined) return true
  return httpVersionMajor < 2 && !socket.readableEnded && socket.errored === null
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
