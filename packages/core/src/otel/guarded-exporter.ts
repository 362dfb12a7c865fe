import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace-node'

type Done = Parameters<SpanExporter['export']>[1]

/** Exporters fail again and again while a collector is down: that is told once in this time. */
const repeatMs = 60_000
/** The SDK's `ExportResultCode.FAILED`, in a package that need not be installed for its two numbers. */
const failed = 1

/** An exporter that may fail in any way: its failures are told to `onFailure` and go no further. */
export class GuardedExporter implements SpanExporter {
  readonly #exporter: SpanExporter
  readonly #onFailure: (error: unknown) => void
  #toldAt = Number.NEGATIVE_INFINITY

  constructor(exporter: SpanExporter, onFailure: (error: unknown) => void) {
    this.#exporter = exporter
    this.#onFailure = onFailure
  }

  export(spans: ReadableSpan[], done: Done): void {
    try {
      this.#exporter.export(spans, (result) => {
        if (result.code === failed) this.#tell(result.error)
        done(result)
      })
    } catch (error) {
      this.#tell(error)
      done({ code: failed })
    }
  }

  async forceFlush(): Promise<void> {
    await this.#exporter.forceFlush?.()
  }

  async shutdown(): Promise<void> {
    await this.#exporter.shutdown()
  }

  #tell(error: unknown): void {
    const now = performance.now()
    if (now - this.#toldAt < repeatMs) return
    this.#toldAt = now
    try {
      this.#onFailure(error)
    } catch {
      // A logger that fails must not keep the SDK from going on.
    }
  }
}
