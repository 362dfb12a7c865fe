import {
  leastFirst,
  type Priority,
  PriorityQueue,
  type Queued,
  roomFor,
} from '../../foundation/priority/index.js'
import { AdmissionLimit, type AdmissionOutcome } from './admission-limit.js'
import type { AdmissionSettings } from './admission-options.js'
import type { AdmissionReason } from './admission-refusal.js'

/** A queue stands once somebody has waited at every moment of so many milliseconds. */
const standingAfterMs = 100
/** `setTimeout` may fire this much too early by the clock of `performance.now()`. */
export const timerSlackMs = 1

/** Somebody who waits to be let in. */
export interface Waiting extends Queued<Waiting> {
  /** When the wait began, by `performance.now()`. */
  readonly since: number
  admitted(now: number): void
  refused(reason: AdmissionReason): void
}

/**
 * Lets requests in as long as there is room, has the others wait for a moment, and refuses those who waited in vain,
 * the least important first. It knows neither HTTP nor frameworks, and allocates nothing for who is let in at once.
 *
 * The queue is a short one after CoDel (Nichols and Jacobson 2012): once it stands, who has waited longer than
 * `shedOlderThanMs` is shed and who came last goes first, as in Facebook's adaptive LIFO (Maurer, "Fail at Scale",
 * 2015).
 */
export class AdmissionControl {
  readonly #settings: AdmissionSettings
  readonly #onLimiting: (isLimiting: boolean) => void
  readonly #limit: AdmissionLimit
  readonly #queue = new PriorityQueue<Waiting>()
  #timer: NodeJS.Timeout | undefined = undefined
  /** Since when somebody has waited without a break; `Infinity` while nobody does. */
  #waitingSince = Number.POSITIVE_INFINITY

  /** @param onLimiting hears when limiting begins, and when it ends */
  constructor(settings: AdmissionSettings, onLimiting: (isLimiting: boolean) => void = () => {}) {
    this.#settings = settings
    this.#onLimiting = onLimiting
    this.#limit = new AdmissionLimit(settings)
  }

  /** How many requests may be worked on now. */
  get limit(): number {
    return this.#limit.value
  }

  /** Whether the limit is lower than it may be, because of overload. */
  get isLimiting(): boolean {
    return this.#limit.isLimiting
  }

  /** Requests that hold a permit. */
  get inFlight(): number {
    return this.#limit.inFlight
  }

  /** Requests that wait for one. */
  get queued(): number {
    return this.#queue.size
  }

  /** Takes a permit if there is one for such a request. Pair it with `settled`. */
  tryAdmit(priority: Priority): boolean {
    const limit = this.#limit
    if (limit.inFlight >= roomFor(priority, limit.value)) return false
    if (this.#queue.size > 0 && this.#queue.hasBefore(priority)) return false
    limit.inFlight++
    return true
  }

  /** Has somebody wait for a permit that `tryAdmit` did not have. It may be refused before this returns. */
  wait(waiting: Waiting, now: number): void {
    const queue = this.#queue
    this.#limit.waited(now)
    if (queue.size >= this.#settings.maxQueue) {
      const least = queue.leastBelow(waiting.priority)
      if (least === undefined) {
        waiting.refused('queue full')
        return
      }
      queue.remove(least)
      least.refused('queue full')
    }
    queue.add(waiting)
    if (this.#waitingSince === Number.POSITIVE_INFINITY) this.#waitingSince = now
    // The first of its kind may be due before all others.
    if (queue.oldest(waiting.priority) === waiting) this.#setTimer(now)
  }

  /**
   * Lets somebody in for whom `tryAdmit` had no permit, and says what would have become of them. Nobody waits for real:
   * all above the limit count as waiting, for as long as they take.
   */
  admitAnyway(priority: Priority, now: number): 'queue full' | 'queued' {
    const limit = this.#limit
    limit.waited(now)
    const waiting = limit.inFlight - roomFor(priority, limit.value)
    limit.inFlight++
    return waiting >= this.#settings.maxQueue ? 'queue full' : 'queued'
  }

  /** Takes out somebody who no longer wants to be let in. */
  withdraw(waiting: Waiting): void {
    this.#queue.remove(waiting)
    if (this.#queue.size === 0) this.#empty()
  }

  /** Takes a permit back, with how the request ended; both times by `performance.now()`. */
  settled(outcome: AdmissionOutcome, startedAt: number, now: number): void {
    const limit = this.#limit
    const wasLimiting = limit.isLimiting
    limit.settled(outcome, startedAt, now)
    limit.inFlight--
    if (this.#queue.size > 0) this.#admit(now)
    if (limit.isLimiting !== wasLimiting) this.#onLimiting(!wasLimiting)
  }

  #admit(now: number): void {
    const queue = this.#queue
    const newestFirst = this.#isStanding(now)
    for (let next = queue.next(newestFirst); next !== undefined; next = queue.next(newestFirst)) {
      if (this.#limit.inFlight >= roomFor(next.priority, this.#limit.value)) return
      queue.remove(next)
      this.#limit.inFlight++
      next.admitted(now)
    }
    this.#empty()
  }

  #isStanding(now: number): boolean {
    return now + timerSlackMs - this.#waitingSince >= standingAfterMs
  }

  #empty(): void {
    this.#waitingSince = Number.POSITIVE_INFINITY
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  /** How long one of that priority may wait in a queue that stands. To those who are served first it soon is their turn. */
  #shedAfterMs(priority: Priority): number {
    const { maxQueueWaitMs, shedOlderThanMs } = this.#settings
    if (priority === 'critical') return maxQueueWaitMs
    // Where work takes seconds, ten milliseconds more are no queue.
    return Math.min(maxQueueWaitMs, Math.max(shedOlderThanMs, this.#limit.usualMs / 2))
  }

  #expire(now: number): void {
    const { maxQueueWaitMs } = this.#settings
    this.#limit.waited(now)
    const isStanding = this.#isStanding(now)
    for (const priority of leastFirst) {
      const allowedMs = isStanding ? this.#shedAfterMs(priority) : maxQueueWaitMs
      const reason = allowedMs < maxQueueWaitMs ? 'shed' : 'queue timeout'
      for (let oldest = this.#oldestDue(priority, now - allowedMs); oldest !== undefined; ) {
        this.#queue.remove(oldest)
        oldest.refused(reason)
        oldest = this.#oldestDue(priority, now - allowedMs)
      }
    }
    if (this.#queue.size === 0) this.#empty()
    else this.#setTimer(now)
  }

  #oldestDue(priority: Priority, since: number): Waiting | undefined {
    const oldest = this.#queue.oldest(priority)
    return oldest !== undefined && oldest.since <= since + timerSlackMs ? oldest : undefined
  }

  #setTimer(now: number): void {
    let dueAt = Number.POSITIVE_INFINITY
    for (const priority of leastFirst) {
      const oldest = this.#queue.oldest(priority)
      if (oldest === undefined) continue
      const shedAt = Math.max(
        oldest.since + this.#shedAfterMs(priority),
        this.#waitingSince + standingAfterMs,
      )
      dueAt = Math.min(dueAt, shedAt, oldest.since + this.#settings.maxQueueWaitMs)
    }
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#expire(performance.now()), Math.ceil(dueAt - now))
    this.#timer.unref()
  }
}
