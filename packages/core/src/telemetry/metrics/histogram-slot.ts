import type { LabelValues } from './label-text.js'

/**
 * Upper bounds of the buckets in seconds, as OpenTelemetry advises for the duration of requests.
 * @see https://opentelemetry.io/docs/specs/semconv/http/http-metrics/
 */
export const durationBuckets: readonly number[] = Object.freeze([
  0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
])

/** A trace that an observation of a bucket came from. */
export interface Exemplar {
  readonly traceId: string
  readonly spanId: string | undefined
  readonly value: number
  /** Seconds since the epoch. */
  readonly at: number
}

const bounds = durationBuckets
const buckets = bounds.length + 1

/** The counts of one series. Whoever observes often keeps the slot: that is what makes it cheap. */
export class HistogramSlot {
  readonly labels: string
  readonly values: LabelValues
  /** Observations of each bucket alone, the one above all bounds last. */
  readonly counts = new Float64Array(buckets)
  sum = 0
  exemplars: (Exemplar | undefined)[] | undefined = undefined

  constructor(labels: string, values: LabelValues) {
    this.labels = labels
    this.values = values
  }

  /** Counts one duration in seconds; what is not a duration is left out. */
  observe(seconds: number): void {
    if (!(seconds >= 0)) return
    const bucket = bucketOf(seconds)
    this.counts[bucket] = (this.counts[bucket] as number) + 1
    this.sum += seconds
  }

  /** Remembers the trace of an observation as the example of its bucket. */
  exemplify(seconds: number, traceId: string, spanId: string | undefined): void {
    this.exemplars ??= new Array(buckets)
    this.exemplars[bucketOf(seconds)] = { traceId, spanId, value: seconds, at: Date.now() / 1000 }
  }

  get count(): number {
    let count = 0
    for (const each of this.counts) count += each
    return count
  }
}

function bucketOf(seconds: number): number {
  let bucket = 0
  while (bucket < bounds.length && seconds > (bounds[bucket] as number)) bucket++
  return bucket
}
