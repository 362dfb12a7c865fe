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
  /** Exports that have failed. */
  #failures = 0
  #running = 0
  #onIdle: (() => void)[] = []

  constructor(exporter: SpanExporter, onFailure: (error: unknown) => void) {
    this.#exporter = exporter
    this.#onFailure = onFailure
  }

  export(spans: ReadableSpan[], done: Done): void {
    let isDone = false
    const end: Done = (result) => {
      if (isDone) return
      isDone = true
      if (result.code === failed) this.#tell(result.error)
      done(result)
      this.#leave()
    }
    this.#running++
    try {
      this.#exporter.export(spans, end)
    } catch (error) {
      end({ code: failed, error: error instanceof Error ? error : new Error(String(error)) })
    }
  }

  /** Whether the exports that `work` makes, and those already under way, succeed. */
  async succeeds(work: Promise<void>): Promise<boolean> {
    const failuresBefore = this.#failures
    await work
    if (this.#running > 0) await new Promise<void>((resolve) => this.#onIdle.push(resolve))
    return this.#failures === failuresBefore
  }

  async forceFlush(): Promise<void> {
    await this.#exporter.forceFlush?.()
  }

  async shutdown(): Promise<void> {
    await this.#exporter.shutdown()
  }

  #leave(): void {
    if (--this.#running > 0) return
    for (const resolve of this.#onIdle.splice(0)) resolve()
  }

  #tell(error: unknown): void {
    this.#failures++
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
