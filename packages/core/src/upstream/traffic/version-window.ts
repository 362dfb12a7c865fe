import type { VersionSample } from './canary-judge.js'
import { LatencyHistogram } from './latency-histogram.js'

class Generation implements VersionSample {
  calls = 0
  failed = 0
  readonly latencies = new LatencyHistogram()

  add(other: Generation): void {
    this.calls += other.calls
    this.failed += other.failed
    this.latencies.add(other.latencies)
  }
}

/** The latest calls of one version: those of the current generation and of the one before it. */
export class VersionWindow {
  #current = new Generation()
  #previous = new Generation()

  /** Calls of the current generation. */
  get recent(): number {
    return this.#current.calls
  }

  /** `tookMs` is `undefined` where the latency is not to count. */
  record(ok: boolean, tookMs: number | undefined): void {
    this.#current.calls++
    if (!ok) this.#current.failed++
    else if (tookMs !== undefined) this.#current.latencies.record(tookMs)
  }

  /** Begins a generation, and forgets the one before the last. */
  turn(): void {
    this.#previous = this.#current
    this.#current = new Generation()
  }

  /** What both generations hold. */
  sample(): VersionSample {
    const all = new Generation()
    all.add(this.#previous)
    all.add(this.#current)
    return all
  }
}
