import type { Execution } from '../policies/index.js'
import { type AttemptFacts, classify, type Verdict } from './classify.js'

/** A call whose attempts are timed. */
export interface TimedCall {
  readonly latency: UsualLatency
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

/** The verdict on the attempt that has just failed below `execution`. */
export function verdictOf(error: unknown, execution: Execution): Verdict {
  return classify(error, factsOf(execution))
}

function factsOf(execution: Execution): AttemptFacts {
  const { latency } = execution.data as TimedCall
  return {
    elapsedMs: execution.sentAt === 0 ? 0 : performance.now() - execution.sentAt,
    usualMs: latency.ms,
  }
}
