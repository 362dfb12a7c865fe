import type { Execution } from '../../policies/index.js'
import { classify, type Verdict } from './classify.js'

/** A call whose attempts are timed and judged. */
export interface JudgedCall {
  readonly latency: UsualLatency
  /** The failure that was judged last, and what it means. */
  failure: unknown
  verdict: Verdict | undefined
}

/** How long attempts usually take: an exponentially weighted average, with a weight of an eighth for the latest. */
export class UsualLatency {
  #averageMs: number | undefined = undefined

  get ms(): number | undefined {
    return this.#averageMs
  }

  record(ms: number): void {
    this.#averageMs = this.#averageMs === undefined ? ms : this.#averageMs + (ms - this.#averageMs) / 8
  }
}

/** Judges the attempt that has just failed below `execution`, once for every mechanism that asks `verdictOf`. */
export function judge(error: unknown, { data: call, sentAt }: Execution<JudgedCall>): Verdict {
  const elapsedMs = sentAt === 0 ? 0 : performance.now() - sentAt
  const verdict = classify(error, { elapsedMs, usualMs: call.latency.ms })
  call.failure = error
  call.verdict = verdict
  return verdict
}

/** The verdict on the failure of an attempt below `execution`. */
export function verdictOf(error: unknown, execution: Execution): Verdict {
  // Policies, which know no calls, pass on what they were given.
  const judged = execution as Execution<JudgedCall>
  const { failure, verdict } = judged.data
  return verdict !== undefined && failure === error ? verdict : judge(error, judged)
}
