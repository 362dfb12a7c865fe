import { createLogger, type Logger } from '@holdfast/core'
import { SpanKind } from '@opentelemetry/api'
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace-node'

/** A span, as far as it is shown. */
export interface JournalSpan {
  readonly name: string
  readonly kind: 'server' | 'attempt' | 'operation'
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string | undefined
  /** Milliseconds since 1970. */
  readonly startMs: number
  readonly durationMs: number
  readonly attributes: ReadableSpan['attributes']
}

/** A line of a log. */
export interface JournalLine {
  readonly service: string
  readonly level: string
  /** ISO 8601. */
  readonly time: string
  readonly msg: string
  readonly correlation_id?: string
  readonly span_id?: string
  readonly [field: string]: unknown
}

const kinds: Readonly<Record<number, JournalSpan['kind']>> = {
  [SpanKind.SERVER]: 'server',
  [SpanKind.CLIENT]: 'attempt',
}

/** The log lines and spans of a side's services: what would go to a log store and to a collector, kept in memory. */
export class Journal {
  readonly #lines: string[] = []
  readonly #spans: JournalSpan[] = []
  #isSealed = false
  #flush: () => Promise<unknown> = async () => {}

  /** Where spans go. */
  readonly exporter: SpanExporter = {
    export: (spans, done) => {
      if (!this.#isSealed) this.#spans.push(...spans.map(journalSpan))
      done({ code: 0 })
    },
    shutdown: async () => {},
  }

  get lines(): readonly JournalLine[] {
    return this.#lines.map((line) => JSON.parse(line) as JournalLine)
  }

  get spans(): readonly JournalSpan[] {
    return this.#spans
  }

  /** The logger of a service, which writes here. */
  loggerOf(name: string): Logger {
    const write = (line: string) => {
      if (!this.#isSealed) this.#lines.push(line)
    }
    return createLogger({ name, destination: { write }, pretty: false })
  }

  /** Spans come in batches: `flush` brings those that are left. */
  flushBy(flush: () => Promise<unknown>): void {
    this.#flush = flush
  }

  async flush(): Promise<void> {
    await this.#flush()
  }

  /** Keeps nothing from now on: services may go on for hours. */
  seal(): void {
    this.#isSealed = true
  }
}

function journalSpan(span: ReadableSpan): JournalSpan {
  const { traceId, spanId } = span.spanContext()
  return {
    name: span.name,
    kind: kinds[span.kind] ?? 'operation',
    traceId,
    spanId,
    parentSpanId: span.parentSpanContext?.spanId,
    startMs: toMs(span.startTime),
    durationMs: toMs(span.duration),
    attributes: span.attributes,
  }
}

function toMs([seconds, nanoseconds]: ReadableSpan['duration']): number {
  return seconds * 1_000 + nanoseconds / 1e6
}
