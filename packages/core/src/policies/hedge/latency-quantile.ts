const capacity = 512
/** Sorting 512 numbers once in so many samples costs less than a microsecond a call. */
const refreshEvery = 32

/** A quantile of the most recent latencies: a ring of samples, sorted now and then instead of at every call. */
export class LatencyQuantile {
  #quantile: number
  #minSamples: number
  readonly #ring = new Float64Array(capacity)
  #recorded = 0
  #computedAt = 0
  #value: number | undefined = undefined

  constructor(quantile: number, minSamples: number) {
    this.#quantile = quantile
    this.#minSamples = minSamples
  }

  /** Another quantile of the latencies that have been seen. */
  retune(quantile: number, minSamples: number): void {
    this.#quantile = quantile
    this.#minSamples = minSamples
    this.#value = undefined
  }

  record(latencyMs: number): void {
    this.#ring[this.#recorded % capacity] = latencyMs
    this.#recorded++
  }

  /** In milliseconds; `undefined` until enough has been seen. */
  get value(): number | undefined {
    if (this.#recorded < this.#minSamples) return undefined
    if (this.#value === undefined || this.#recorded - this.#computedAt >= refreshEvery) {
      const sorted = this.#ring.slice(0, Math.min(this.#recorded, capacity)).sort()
      this.#value = sorted[Math.max(0, Math.ceil(this.#quantile * sorted.length) - 1)]
      this.#computedAt = this.#recorded
    }
    return this.#value
  }
}
