import type { BreakerVerdict } from './breaker-verdict.js'
import type { ResolvedCircuitBreaker } from './options.js'
import type { OutcomeWindow } from './outcome-window.js'

/** When a breaker opens, and for how long. */
export class BreakerOpening {
  #options: ResolvedCircuitBreaker
  readonly #window: OutcomeWindow
  #connectionFailures = 0
  /** Failures since the last success, and when the first of them settled. */
  #failuresInARow = 0
  #failingSince = 0
  /** How often in a row it has opened without closing. */
  #openings = 0

  constructor(options: ResolvedCircuitBreaker, window: OutcomeWindow) {
    this.#options = options
    this.#window = window
  }

  /** From now on by other options; what has been counted counts on. */
  takeOn(options: ResolvedCircuitBreaker): void {
    this.#options = options
  }

  /** Counts a failure, which the window holds already; says whether it opens the breaker. */
  isDueTo(verdict: BreakerVerdict, now: number): boolean {
    this.#connectionFailures = verdict === 'connection' ? this.#connectionFailures + 1 : 0
    if (this.#failuresInARow++ === 0) this.#failingSince = now
    const { connectionFailures, failureRatio, minimumCalls, outageMs } = this.#options
    const isUnreachable = connectionFailures !== false && this.#connectionFailures >= connectionFailures
    const isDown =
      outageMs !== false && this.#failuresInARow >= minimumCalls && now - this.#failingSince >= outageMs
    const { successes, failures } = this.#window.counts(now)
    const total = successes + failures
    const isFailing = total >= minimumCalls && failures / total >= failureRatio
    return isUnreachable || isDown || isFailing
  }

  /** A success ends what was failing, and so does every change of the breaker's state. */
  forgetFailures(): void {
    this.#connectionFailures = 0
    this.#failuresInARow = 0
  }

  /** For how many milliseconds it opens now: longer each time, until `closed()`. */
  nextMs(): number {
    const { openMs, maxOpenMs, random } = this.#options
    // Also at the longest some jitter is left: clients that opened together must not probe together.
    const longest = Math.min(maxOpenMs(), 2 * openMs * 2 ** Math.min(this.#openings, 30))
    const shortest = Math.max(longest / 2, Math.min(openMs, longest))
    this.#openings++
    return shortest + random() * (longest - shortest)
  }

  /** The next time is the first again. */
  closed(): void {
    this.#openings = 0
  }
}
