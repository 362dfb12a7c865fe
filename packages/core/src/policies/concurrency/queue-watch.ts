import type { Priority } from '../../foundation/priority/index.js'

/** When a queue counts as standing, and what it then tolerates; in milliseconds. */
export interface QueueWatchSettings {
  /** A queue stands once no permit has been free for this long. */
  readonly standingAfterMs: number
  /** The same after the limit was cut: then it is known that the dependency has no more to give. */
  readonly standingAfterCutMs: number
  /** Then nobody may wait longer than this, */
  readonly standingMaxWaitMs: number
  /** but for `critical` calls, which go first and so wait only for one that is in flight. */
  readonly criticalMaxWaitMs: number
}

/**
 * Tells a standing queue, in which waiting helps nobody, from a burst, which passes. After CoDel (Nichols and
 * Jacobson 2012) as Facebook put it in front of servers (Maurer, "Fail at Scale", 2015).
 *
 * Once a queue stands, it does so until for as long again nobody has had to be shed: permits that become free for a
 * moment, because waiters were shed, are no sign of an end.
 */
export class QueueWatch {
  #settings: QueueWatchSettings
  #fullSince = Number.POSITIVE_INFINITY
  #shedAt = Number.NEGATIVE_INFINITY

  constructor(settings: QueueWatchSettings) {
    this.#settings = settings
  }

  takeOn(settings: QueueWatchSettings): void {
    this.#settings = settings
  }

  /** No permit is free any more. */
  full(now: number): void {
    if (this.#fullSince === Number.POSITIVE_INFINITY) this.#fullSince = now
  }

  /** A permit is free. */
  free(): void {
    this.#fullSince = Number.POSITIVE_INFINITY
  }

  /** A waiter had to go. */
  shed(now: number): void {
    this.#shedAt = now
  }

  /**
   * When a call of that priority which began to wait at `since` has to go, if no permit becomes free; `Infinity` while one is free.
   *
   * @param cutAt when the limit was last cut; `-Infinity` for never.
   */
  dueAt(since: number, cutAt: number, priority: Priority): number {
    const { standingAfterMs, standingAfterCutMs, standingMaxWaitMs, criticalMaxWaitMs } = this.#settings
    const due = since + (priority === 'critical' ? criticalMaxWaitMs : standingMaxWaitMs)
    if (due <= this.#shedAt + standingAfterMs) return due
    const afterCut =
      cutAt === Number.NEGATIVE_INFINITY
        ? Number.POSITIVE_INFINITY
        : Math.max(this.#fullSince, cutAt) + standingAfterCutMs
    return Math.max(due, Math.min(this.#fullSince + standingAfterMs, afterCut))
  }
}
