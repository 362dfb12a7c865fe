/** An answer that comes later than this is of no use, in milliseconds. */
export const deadlineMs = 10_000

/** The calls of the application, when each began and how long its answer took. */
export class Recorder {
  readonly #now: () => number
  readonly beganMs: number[] = []
  /** `NaN` where there was no answer within the deadline. */
  readonly latencyMs: number[] = []
  /** How long the call took whichever way it ended; `NaN` while it has not. */
  readonly settledMs: number[] = []
  /** Of which kind each is, where a scenario tells kinds apart. */
  readonly kinds: number[] = []

  constructor(now: () => number) {
    this.#now = now
  }

  /** Makes a call and waits for nothing. */
  track(call: () => Promise<unknown>, kind = 0): Promise<void> {
    const index = this.beganMs.length
    const beganMs = this.#now()
    this.beganMs.push(beganMs)
    this.latencyMs.push(Number.NaN)
    this.settledMs.push(Number.NaN)
    this.kinds.push(kind)
    return call().then(
      () => {
        const tookMs = this.#now() - beganMs
        this.settledMs[index] = tookMs
        if (tookMs <= deadlineMs) this.latencyMs[index] = tookMs
      },
      () => {
        this.settledMs[index] = this.#now() - beganMs
      },
    )
  }
}

/** The calls that began within a window, of one kind or of all. */
export interface CallsOf {
  readonly fromMs: number
  readonly untilMs: number
  readonly kind?: number
}

/** What became of them. */
export interface CallSummary {
  readonly calls: number
  /** Share that was answered within the deadline. */
  readonly success: number
  /** Latencies of the answers, ascending. */
  readonly latencies: readonly number[]
  /** Times of all that settled, ascending. */
  readonly settled: readonly number[]
}

/** Looks at the calls of a window. */
export function summarize(recorder: Recorder, { fromMs, untilMs, kind }: CallsOf): CallSummary {
  const latencies: number[] = []
  const settled: number[] = []
  let calls = 0
  for (const [index, beganMs] of recorder.beganMs.entries()) {
    if (beganMs < fromMs || beganMs >= untilMs) continue
    if (kind !== undefined && recorder.kinds[index] !== kind) continue
    calls++
    const latencyMs = recorder.latencyMs[index] ?? Number.NaN
    if (!Number.isNaN(latencyMs)) latencies.push(latencyMs)
    const settledMs = recorder.settledMs[index] ?? Number.NaN
    settled.push(Number.isNaN(settledMs) ? Number.POSITIVE_INFINITY : settledMs)
  }
  const ascending = (one: number, other: number) => one - other
  latencies.sort(ascending)
  settled.sort(ascending)
  return { calls, success: calls === 0 ? 1 : latencies.length / calls, latencies, settled }
}

/** The value that this share of the sorted `values` does not exceed. */
export function quantile(values: readonly number[], share: number): number | undefined {
  return values[Math.min(values.length - 1, Math.ceil(values.length * share) - 1)]
}
