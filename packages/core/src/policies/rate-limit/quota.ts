import Bottleneck from 'bottleneck'

/** Permits that may be used until a moment of `performance.now()`. */
export interface Grant {
  readonly permits: number
  readonly until: number
  /** Whether there are no more until then. */
  readonly exhausted: boolean
}

/** A window of the quota: the numbers of its tickets, and when it ends by `performance.now()`. */
export interface QuotaWindow {
  readonly start: number
  readonly until: number
}

/** So many permits in every window of time. */
export interface Quota {
  /** The most that a window can hold. */
  readonly limit: number
  /** The least that is worth asking for: what is not needed now is kept for the calls to come. */
  readonly lease: number
  /** At most `wanted` permits of the current window. */
  take(wanted: number): Promise<Grant>
}

/**
 * What the window has of the `wanted` tickets that have just been drawn, after which the counter is at `left`.
 *
 * The counter is a bottleneck reservoir that only ever goes down, so every ticket has a number of its own; a
 * window is worth the `limit` numbers from `start` down. No counter is ever set back, so none can be set back at
 * the wrong moment, and whoever draws a ticket late draws it from the window that is current by then.
 */
export function grantOf(window: QuotaWindow, limit: number, left: number, wanted: number): Grant {
  const { start, until } = window
  const end = start - limit
  const permits = Math.max(0, Math.min(left + wanted, start) - Math.max(left, end))
  return { permits, until, exhausted: left <= end }
}

/** A quota of this process alone. Its windows follow one another from the first call on. */
export class LocalQuota implements Quota {
  limit: number
  #intervalMs: number
  /** Its own refresh looks at the wall clock, four times a second: windows are kept here instead. */
  readonly #counter = new Bottleneck({ reservoir: 0 })
  #left = 0
  #start = 0
  #until: number | undefined = undefined

  constructor(limit: number, intervalMs: number) {
    this.limit = limit
    this.#intervalMs = intervalMs
  }

  get lease(): number {
    return Math.ceil(this.limit / 10)
  }

  /** Another quota: it holds for what is left of the current window, and the next one has the new length. */
  change(limit: number, intervalMs: number): void {
    this.limit = limit
    this.#intervalMs = intervalMs
  }

  async take(wanted: number): Promise<Grant> {
    const window = this.#window()
    const left = await this.#counter.incrementReservoir(-wanted)
    this.#left = Math.min(this.#left, left)
    return grantOf(window, this.limit, left, wanted)
  }

  #window(): QuotaWindow {
    const now = performance.now()
    const until = this.#until ?? now
    if (now >= until) {
      const missed = Math.floor((now - until) / this.#intervalMs)
      this.#until = until + (missed + 1) * this.#intervalMs
      this.#start = this.#left
    }
    return { start: this.#start, until: this.#until ?? until }
  }
}
