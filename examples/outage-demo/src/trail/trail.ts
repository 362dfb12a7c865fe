import type { Journal, JournalLine, JournalSpan } from './journal.js'

/** A span or a log line on the way of a request. Times in milliseconds from its beginning. */
export interface TrailStep {
  readonly kind: JournalSpan['kind'] | 'log'
  readonly service: string
  readonly depth: number
  readonly text: string
  readonly startMs: number
  /** `undefined` of a log line. */
  readonly durationMs: number | undefined
  /** A status, or what went wrong. */
  readonly result: string
}

/** The way of one request through the services. */
export interface Trail {
  readonly correlationId: string
  /** In the order of the tree: what belongs to a step follows it, one deeper. */
  readonly steps: readonly TrailStep[]
}

/** A span of time, in milliseconds since 1970. */
export interface Window {
  readonly fromMs: number
  readonly toMs: number
}

const requestText = 'log info: request'

/** The way of a checkout that began in `window`: if there is one, of one that was answered thanks to a retry. */
export function findTrail(journal: Journal, { fromMs, toMs }: Window): Trail | undefined {
  const byTrace = new Map<string, JournalSpan[]>()
  for (const span of journal.spans) {
    const spans = byTrace.get(span.traceId)
    if (spans === undefined) byTrace.set(span.traceId, [span])
    else spans.push(span)
  }
  let best: { readonly root: JournalSpan; readonly score: number } | undefined
  for (const spans of byTrace.values()) {
    const root = spans.find(({ parentSpanId }) => parentSpanId === undefined)
    if (root?.name !== 'POST /checkout' || root.startMs < fromMs || root.startMs >= toMs) continue
    const score = scoreOf(root, spans)
    if (best === undefined || score > best.score) best = { root, score }
  }
  return best === undefined ? undefined : trailOf(journal, best.root, byTrace.get(best.root.traceId) ?? [])
}

function scoreOf(root: JournalSpan, spans: readonly JournalSpan[]): number {
  const isRetried = spans.some(({ attributes }) => attributes['http.request.resend_count'] !== undefined)
  const isAnswered = root.attributes['http.response.status_code'] === 201
  return (isRetried ? 2 : 0) + (isAnswered ? 1 : 0)
}

/** The way of the request whose first span is `root`: the correlation id joins the log lines, the trace the spans. */
function trailOf(journal: Journal, root: JournalSpan, spans: readonly JournalSpan[]): Trail | undefined {
  const lines = journal.lines
  const correlationId = lines.find(({ span_id }) => span_id === root.spanId)?.correlation_id
  if (correlationId === undefined) return undefined
  const tree = new TrailTree(
    spans,
    lines.filter(({ correlation_id }) => correlation_id === correlationId),
  )
  return { correlationId, steps: tree.below(root, '', 0) }
}

/** By time; the line of a request is written at its end, and its clock is coarser than that of spans. */
function inOrder([one]: readonly TrailStep[], [other]: readonly TrailStep[]): number {
  const startOf = (step: TrailStep | undefined) =>
    step?.text === requestText ? Number.POSITIVE_INFINITY : (step?.startMs ?? 0)
  if (startOf(one) === startOf(other)) return 0
  return startOf(one) > startOf(other) ? 1 : -1
}

class TrailTree {
  readonly #spans: readonly JournalSpan[]
  readonly #lines: readonly JournalLine[]
  readonly #beginMs: number

  constructor(spans: readonly JournalSpan[], lines: readonly JournalLine[]) {
    this.#spans = spans.toSorted((one, other) => one.startMs - other.startMs)
    this.#lines = lines.toSorted((one, other) => Date.parse(one.time) - Date.parse(other.time))
    this.#beginMs = this.#spans[0]?.startMs ?? 0
  }

  below(span: JournalSpan, caller: string, depth: number): readonly TrailStep[] {
    const service = this.#serviceOf(span) ?? caller
    const own: TrailStep = {
      kind: span.kind,
      service,
      depth,
      text: span.name,
      startMs: span.startMs - this.#beginMs,
      durationMs: span.durationMs,
      result: resultOf(span, this.#spans),
    }
    const children = this.#spans
      .filter(({ parentSpanId }) => parentSpanId === span.spanId)
      .map((child) => this.below(child, service, depth + 1))
    const lines = this.#lines
      .filter((line) => this.#isOf(line, span))
      .map((line) => [this.#logStep(line, depth + 1)])
    return [own, ...[...children, ...lines].toSorted(inOrder).flat()]
  }

  /** A span does not say whose it is where three services share a process; the log line of the request does. */
  #serviceOf({ kind, spanId }: JournalSpan): string | undefined {
    if (kind !== 'server') return undefined
    return this.#lines.find(({ msg, span_id }) => msg === 'request' && span_id === spanId)?.service
  }

  /** Lines of a call know its operation, those of a request their span. */
  #isOf({ span_id, dependency, operation }: JournalLine, { name, spanId }: JournalSpan): boolean {
    if (dependency !== undefined) return name === `${dependency}.${operation}`
    return span_id === spanId
  }

  #logStep(line: JournalLine, depth: number): TrailStep {
    return {
      kind: 'log',
      service: line.service,
      depth,
      text: `log ${line.level}: ${line.msg}`,
      startMs: Math.max(0, Date.parse(line.time) - this.#beginMs),
      durationMs: undefined,
      result: line.attempt === undefined ? '' : `attempt ${line.attempt} follows in ${line.delay_ms} ms`,
    }
  }
}

function resultOf({ kind, attributes, parentSpanId }: JournalSpan, spans: readonly JournalSpan[]): string {
  if (kind === 'operation') return `${attributes['holdfast.attempts'] ?? 1} attempts`
  const result = String(attributes['http.response.status_code'] ?? attributes['error.type'] ?? '')
  const isOneOfSeveral = spans.some(({ spanId, kind }) => spanId === parentSpanId && kind === 'operation')
  if (kind !== 'attempt' || !isOneOfSeveral) return result
  return `${result}  (attempt ${Number(attributes['http.request.resend_count'] ?? 0) + 1})`
}
