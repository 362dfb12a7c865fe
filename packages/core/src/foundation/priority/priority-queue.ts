import type { Priority } from './priority.js'

/** Somebody who waits; the queue keeps the neighbours here. */
export interface Queued<Item> {
  readonly priority: Priority
  earlier: Item | undefined
  later: Item | undefined
  isQueued: boolean
}

/** Those who wait, by priority and among equals by their arrival. Who gives up is taken out at once. */
export class PriorityQueue<Item extends Queued<Item>> {
  readonly #critical = new WaitingList<Item>()
  readonly #default = new WaitingList<Item>()
  readonly #batch = new WaitingList<Item>()
  size = 0

  add(item: Item): void {
    this.#of(item.priority).add(item)
    this.size++
  }

  remove(item: Item): void {
    if (!item.isQueued) return
    this.#of(item.priority).remove(item)
    this.size--
  }

  /** Whether anybody waits who is at least as important. */
  hasBefore(priority: Priority): boolean {
    if (this.#critical.first !== undefined) return true
    if (priority === 'critical') return false
    if (this.#default.first !== undefined) return true
    return priority === 'batch' && this.#batch.first !== undefined
  }

  /** Whose turn is next: of the most important who came first, or who came last. */
  next(newestFirst = false): Item | undefined {
    const list = this.#mostImportant()
    return newestFirst ? list.last : list.first
  }

  /** Who of that priority has waited longest. */
  oldest(priority: Priority): Item | undefined {
    return this.#of(priority).first
  }

  /** Somebody less important than that, the least important first. */
  leastBelow(priority: Priority): Item | undefined {
    if (priority === 'batch') return undefined
    const batch = this.#batch.first
    return priority === 'default' ? batch : (batch ?? this.#default.first)
  }

  #mostImportant(): WaitingList<Item> {
    if (this.#critical.first !== undefined) return this.#critical
    return this.#default.first === undefined ? this.#batch : this.#default
  }

  #of(priority: Priority): WaitingList<Item> {
    if (priority === 'default') return this.#default
    return priority === 'critical' ? this.#critical : this.#batch
  }
}

class WaitingList<Item extends Queued<Item>> {
  first: Item | undefined = undefined
  last: Item | undefined = undefined

  add(item: Item): void {
    item.isQueued = true
    item.earlier = this.last
    if (this.last === undefined) this.first = item
    else this.last.later = item
    this.last = item
  }

  remove(item: Item): void {
    if (item.earlier === undefined) this.first = item.later
    else item.earlier.later = item.later
    if (item.later === undefined) this.last = item.earlier
    else item.later.earlier = item.earlier
    item.isQueued = false
    item.earlier = undefined
    item.later = undefined
  }
}
