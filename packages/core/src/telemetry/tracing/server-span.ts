import {
  type Context,
  context,
  createContextKey,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  type TextMapGetter,
  trace,
} from '@opentelemetry/api'
import type { TraceContext, TraceIds } from '../context/index.js'
import { traceIdsOfSpan } from './active-trace-ids.js'
import { activeTracer } from './active-tracer.js'
import { guarded, noSpan } from './guarded.js'
import { spanName } from './http-method.js'
import { type ReceivedRequest, requestAttributes } from './request-attributes.js'
import { errorTypeOf, fail, isAbort } from './span-outcome.js'
import { isTracingSuppressed } from './suppression.js'

/** How a request was answered. */
export interface ServerSpanEnd {
  readonly status: number
  readonly route?: string | undefined
  readonly error?: unknown
  /** Why the request was not let in. */
  readonly refusal?: string | undefined
}

/** The key under which instrumentation-http shares its span with frameworks, that they may name the route. */
const rpcMetadataKey = createContextKey('OpenTelemetry SDK Context Key RPC_METADATA')

interface RpcMetadata {
  readonly type: string
  readonly span: Span
  route?: string
}

interface Carrier {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly trace: TraceContext
}

const checked: ReadonlySet<string> = new Set(['traceparent', 'tracestate', 'baggage'])

/** Headers for propagators of any kind; those of the W3C have been checked before. */
const getter: TextMapGetter<Carrier> = {
  keys: ({ headers }) => Object.keys(headers),
  get: ({ headers, trace: inbound }, name) =>
    checked.has(name) ? inbound[name as keyof TraceContext] : headers[name],
}

/**
 * Starts the SERVER span of a request, or takes over the one that instrumentation-http has made for it. `undefined`
 * when nothing is to be traced: without an OpenTelemetry SDK, and for requests that instrumentation is told to ignore.
 */
export function startServerSpan(request: ReceivedRequest, inbound: TraceContext): ServerSpan | undefined {
  const tracer = activeTracer()
  if (tracer === undefined) return undefined
  const active = context.active()
  if (isTracingSuppressed(active)) return undefined
  const method = request.method ?? 'GET'
  const reused = serverSpanOf(active)
  if (reused !== undefined) return new ServerSpan(reused, method, active, false)
  // From the root: the active context is the one in which the server began to listen.
  const carrier = { headers: request.headers, trace: inbound }
  const parent = guarded(() => propagation.extract(ROOT_CONTEXT, carrier, getter), ROOT_CONTEXT)
  const options = { kind: SpanKind.SERVER, attributes: requestAttributes(request) }
  const span = guarded(() => tracer.startSpan(spanName(method, undefined), options, parent), noSpan)
  return new ServerSpan(span, method, trace.setSpan(parent, span), true)
}

function serverSpanOf(active: Context): Span | undefined {
  const span = trace.getSpan(active)
  if (span === undefined) return undefined
  const shared = active.getValue(rpcMetadataKey) as RpcMetadata | undefined
  if (shared?.span === span) return span
  // One that has ended belongs to another request, during which this server began to listen.
  return (span as { readonly kind?: SpanKind }).kind === SpanKind.SERVER && span.isRecording()
    ? span
    : undefined
}

/** The span of one request that is answered. */
export class ServerSpan {
  readonly #span: Span
  readonly #method: string
  readonly #context: Context
  /** Whether it is ours to end. */
  readonly #isOwn: boolean
  #isEnded = false
  #route: string | undefined = undefined

  constructor(span: Span, method: string, spanContext: Context, isOwn: boolean) {
    this.#span = span
    this.#method = method
    this.#context = spanContext
    this.#isOwn = isOwn
  }

  get ids(): TraceIds | undefined {
    return traceIdsOfSpan(this.#span)
  }

  /** Runs `fn` inside the span. */
  run<Result>(fn: () => Result): Result {
    return this.#isOwn ? context.with(this.#context, fn) : fn()
  }

  /** The template of the route has been found. */
  setRoute(route: string): void {
    if (this.#isEnded || route === this.#route) return
    this.#route = route
    this.#span.updateName(spanName(this.#method, route))
    this.#span.setAttribute('http.route', route)
    const shared = this.#context.getValue(rpcMetadataKey) as RpcMetadata | undefined
    if (shared?.span === this.#span) shared.route = route
  }

  /** The request is over, once. To a server only a status from 500 is an error: the others are the caller's. */
  end({ status, route, error, refusal }: ServerSpanEnd): void {
    if (this.#isEnded) return
    if (route !== undefined) this.setRoute(route)
    this.#isEnded = true
    if (!this.#isOwn) return
    guarded(() => {
      this.#span.setAttribute('http.response.status_code', status)
      if (refusal !== undefined) {
        this.#span.setAttribute('holdfast.refusal', refusal)
        fail(this.#span, `${status}`, undefined)
      } else if (status >= 500) {
        fail(this.#span, error === undefined || isAbort(error) ? `${status}` : errorTypeOf(error), error)
      }
      this.#span.end()
    }, undefined)
  }
}
