const perOctave = 8
/** Latencies below are all the same, in milliseconds. */
const least = 0.0625
const octaves = 24
const size = perOctave * octaves

/** How many calls took how long: 8 buckets each time that latency doubles, from 1/16 ms to 17 minutes. */
export class LatencyHistogram {
  readonly #buckets = new Uint32Array(size)
  #count = 0

  get count(): number {
    return this.#count
  }

  record(ms: number): void {
    const bucket = ms > least ? Math.floor(Math.log2(ms / least) * perOctave) : 0
    const index = bucket < size ? bucket : size - 1
    this.#buckets[index] = (this.#buckets[index] as number) + 1
    this.#count++
  }

  add(other: LatencyHistogram): void {
    for (let index = 0; index < size; index++) {
      this.#buckets[index] = (this.#buckets[index] as number) + (other.#buckets[index] as number)
    }
    this.#count += other.#count
  }

  clear(): void {
    this.#buckets.fill(0)
    this.#count = 0
  }

  /** In milliseconds, up to 9 % too high; `undefined` where nothing has been recorded. */
  quantile(share: number): number | undefined {
    if (this.#count === 0) return undefined
    const rank = Math.max(1, Math.ceil(share * this.#count))
    let seen = 0
    for (let index = 0; index < size; index++) {
      seen += this.#buckets[index] as number
      if (seen >= rank) return endOf(index)
    }
    return endOf(size - 1)
  }

  /** How many certainly took longer than `ms`. */
  countAbove(ms: number): number {
    let count = 0
    for (let index = size - 1; index > 0 && endOf(index - 1) >= ms; index--) {
      count += this.#buckets[index] as number
    }
    return count
  }
}

const endOf = (bucket: number): number => least * 2 ** ((bucket + 1) / perOctave)
