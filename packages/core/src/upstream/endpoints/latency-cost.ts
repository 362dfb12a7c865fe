/** How fast what is known of an endpoint's latency is forgotten: to a third in this many milliseconds. */
const decayMs = 10_000
/** Below this a difference of latency is noise. */
const floorMs = 1
/** What a failure costs, in milliseconds: at least this much, and many times what calls usually cost. */
const failureMs = 1_000
const failureTimesTypical = 10

/**
 * What calls to an endpoint cost, in milliseconds: a moving average of their latency that follows a rise at once and
 * a fall slowly, and fades while nothing is heard, so that a bad endpoint is tried again in time.
 *
 * After Twitter Finagle's peak-EWMA balancer, with two changes. A single answer raises the cost to its double at most:
 * one straggler in a hundred would otherwise drive the calls from one replica to the next; what stays slow doubles
 * its cost with every answer. And the cost fades to what is usual, not to nothing: who is seldom called would
 * otherwise always seem the better one, whatever its weight.
 */
export class LatencyCost {
  #ms = -1
  #at = 0

  /** Whether anything has been heard. */
  get isKnown(): boolean {
    return this.#ms >= 0
  }

  /** The cost at `now`; that of the others, `typicalMs`, while nothing is known. */
  at(now: number, typicalMs: number): number {
    const ms = this.#ms
    if (ms < 0) return Math.max(typicalMs, floorMs)
    if (ms <= typicalMs) return Math.max(ms, floorMs)
    return Math.max(ms * Math.exp((this.#at - now) / decayMs), typicalMs, floorMs)
  }

  /** An answer took `ms`. */
  measured(ms: number, now: number, typicalMs: number): void {
    const known = this.#ms < 0 ? typicalMs : this.#ms
    if (known <= 0) this.#ms = ms
    else if (ms > known) this.#ms = Math.min(ms, 2 * known)
    else {
      const keep = this.#ms < 0 ? 0.5 : Math.exp((this.#at - now) / decayMs)
      this.#ms = known * keep + ms * (1 - keep)
    }
    this.#at = now
  }

  /** A call failed after `ms`. A failure is often fast, and must not look like a good answer. */
  failed(ms: number, now: number, typicalMs: number): void {
    this.#ms = Math.max(ms, failureMs, failureTimesTypical * typicalMs, this.at(now, typicalMs))
    this.#at = now
  }

  /** As if nothing had been heard. */
  forget(): void {
    this.#ms = -1
  }
}
