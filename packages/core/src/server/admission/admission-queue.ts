import type { Priority } from '../../context/index.js'
import type { AdmissionReason } from './admission-refusal.js'

/** Somebody who waits to be let in. */
export interface Waiting {
  readonly priority: Priority
  /** When the wait began, by `performance.now()`. */
  readonly since: number
  /** The neighbours in the queue, which keeps them here. */
  earlier: Waiting | undefined
  later: Waiting | undefined
  isQueued: boolean
  admitted(now: number): void
  refused(reason: AdmissionReason): void
}

/** Priorities in the order in which they are shed. */
export const leastFirst = ['batch', 'default', 'critical'] as const satisfies readonly Priority[]

/** Those who wait, by priority and among equals by their arrival. Who gives up is taken out at once. */
export class AdmissionQueue {
  readonly #critical = new WaitingList()
  readonly #default = new WaitingList()
  readonly #batch = new WaitingList()
  size = 0

  add(waiting: Waiting): void {
    this.#of(waiting.priority).add(waiting)
    this.size++
  }

  remove(waiting: Waiting): void {
    if (!waiting.isQueued) return
    this.#of(waiting.priority).remove(waiting)
    this.size--
  }

  /** Whether anybody waits who is at least as important. */
  hasBefore(priority: Priority): boolean {
    if (this.#critical.first !== undefined) return true
    if (priority === 'critical') return false
    if (this.#default.first !== undefined) return true
    return priority === 'batch' && this.#batch.first !== undefined
  }

  /** Who is to be let in next: of the most important who came first, or who came last. */
  next(newestFirst: boolean): Waiting | undefined {
    const list = this.#mostImportant()
    return newestFirst ? list.last : list.first
  }

  /** Who of that priority has waited longest. */
  oldest(priority: Priority): Waiting | undefined {
    return this.#of(priority).first
  }

  /** Somebody less important than that, the least important first. */
  leastBelow(priority: Priority): Waiting | undefined {
    if (priority === 'batch') return undefined
    const batch = this.#batch.first
    return priority === 'default' ? batch : (batch ?? this.#default.first)
  }

  #mostImportant(): WaitingList {
    if (this.#critical.first !== undefined) return this.#critical
    return this.#default.first === undefined ? this.#batch : this.#default
  }

  #of(priority: Priority): WaitingList {
    if (priority === 'default') return this.#default
    return priority === 'critical' ? this.#critical : this.#batch
  }
}

class WaitingList {
  first: Waiting | undefined = undefined
  last: Waiting | undefined = undefined

  add(waiting: Waiting): void {
    waiting.isQueued = true
    waiting.earlier = this.last
    if (this.last === undefined) this.first = waiting
    else this.last.later = waiting
    this.last = waiting
  }

  remove(waiting: Waiting): void {
    if (waiting.earlier === undefined) this.first = waiting.later
    else waiting.earlier.later = waiting.later
    if (waiting.later === undefined) this.last = waiting.earlier
    else waiting.later.earlier = waiting.earlier
    waiting.isQueued = false
    waiting.earlier = undefined
    waiting.later = undefined
  }
}
