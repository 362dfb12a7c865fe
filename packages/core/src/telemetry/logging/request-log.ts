import type { Logger } from '../context/index.js'
import { isLogged, quietly } from './quietly.js'
import { type RawLines, rawLinesOf } from './raw-lines.js'
import { redactUrl } from './redact-url.js'
import { serializeError } from './serialize-error.js'

/** A request that has been answered, or whose caller has left. */
export interface LoggedRequest {
  readonly correlationId: string
  readonly trace?: { readonly traceId: string; readonly spanId?: string } | undefined
  readonly method: string
  /** The template of the route; `undefined` when none matched. */
  readonly route: string | undefined
  /** The path as it came, with its query. */
  readonly path: string
  readonly status: number
  readonly durationMs: number
  /** Whether the caller left before the end of the answer. */
  readonly aborted: boolean
  readonly remoteAddress?: string | undefined
  /** Why it was not let in. */
  readonly refusal?: string | undefined
  /** What the handler failed with; it is logged with an answer of 500 and above. */
  readonly error?: unknown
}

const maxPathLength = 2_048
const maxRoutes = 2_000
const message = 'request'

/** Writes one line for each request that a service has answered. */
export class RequestLog {
  readonly #logger: Logger
  readonly #raw: RawLines | undefined
  readonly #routes = new Map<string, string>()

  constructor(logger: Logger) {
    this.#logger = logger
    this.#raw = rawLinesOf(logger)
  }

  write(request: LoggedRequest): void {
    if (!isLogged(this.#logger, 'info')) return
    // Of a refusal the reason is all there is to know, and there may be many.
    const failed = request.error !== undefined && request.status >= 500 && request.refusal === undefined
    quietly(() => {
      if (this.#raw === undefined || failed) return this.#logger.info(fieldsOf(request), message)
      return this.#raw.info(this.#membersOf(request), message)
    })
  }

  /** The same fields as `fieldsOf` has, as JSON. */
  #membersOf(request: LoggedRequest): string {
    const { trace, route, aborted, refusal, remoteAddress } = request
    const ids =
      trace === undefined
        ? ''
        : `,"trace_id":"${trace.traceId}"${trace.spanId === undefined ? '' : `,"span_id":"${trace.spanId}"`}`
    const routeName = route === undefined ? '' : `,"route":${this.#quotedRoute(route)}`
    const address = remoteAddress === undefined ? '' : `,"remote_address":${quoted(remoteAddress)}`
    return `,"correlation_id":${quoted(request.correlationId)}${ids},"method":${quoted(
      request.method,
    )}${routeName},"path":${quoted(pathOf(request.path))},"status":${request.status},"duration_ms":${inHundredths(
      request.durationMs,
    )}${aborted ? ',"aborted":true' : ''}${refusal === undefined ? '' : `,"refusal":"${refusal}"`}${address}`
  }

  #quotedRoute(route: string): string {
    const known = this.#routes.get(route)
    if (known !== undefined) return known
    const text = JSON.stringify(route)
    if (this.#routes.size < maxRoutes) this.#routes.set(route, text)
    return text
  }
}

const needsEscape = /[^ !#-[\]-~]/

/** As JSON, which most strings are but for their quotes. */
function quoted(text: string): string {
  return needsEscape.test(text) ? JSON.stringify(text) : `"${text}"`
}

/** The text of `rounded(ms)`, made of whole numbers: those of fractions are slow to write. */
function inHundredths(ms: number): string {
  const hundredths = Math.round(ms * 100)
  const rest = hundredths % 100
  const whole = (hundredths - rest) / 100
  return rest < 10 ? `${whole}.0${rest}` : `${whole}.${rest}`
}

function fieldsOf(request: LoggedRequest): object {
  const { trace, status, durationMs, error } = request
  return {
    correlation_id: request.correlationId,
    trace_id: trace?.traceId,
    span_id: trace?.spanId,
    method: request.method,
    route: request.route,
    path: pathOf(request.path),
    status,
    duration_ms: rounded(durationMs),
    aborted: request.aborted || undefined,
    refusal: request.refusal,
    remote_address: request.remoteAddress,
    err:
      error !== undefined && status >= 500 && request.refusal === undefined
        ? serializeError(error)
        : undefined,
  }
}

/** To hundredths of a millisecond. */
function rounded(ms: number): number {
  return Math.round(ms * 100) / 100
}

function pathOf(path: string): string {
  return redactUrl(path.length > maxPathLength ? `${path.slice(0, maxPathLength)}…` : path)
}
