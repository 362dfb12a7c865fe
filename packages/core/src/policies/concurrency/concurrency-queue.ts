import { isHoldfastError } from '../../foundation/errors/index.js'
import { type Priority, PriorityQueue, type Queued } from '../../foundation/priority/index.js'
import type { Abortable, Execution } from '../kernel/index.js'

/** Calls that wait for a permit, by priority and in the order of their arrival. One that gave up is taken out at once. */
export class ConcurrencyQueue {
  readonly #waiters = new PriorityQueue<Waiter>()

  get size(): number {
    return this.#waiters.size
  }

  /** When who has waited longest with that priority began to, by `performance.now()`; `undefined` when nobody waits. */
  oldestSince(priority: Priority): number | undefined {
    return this.#waiters.oldest(priority)?.since
  }

  /** The priority of whose turn is next; `undefined` when nobody waits. */
  get nextPriority(): Priority | undefined {
    return this.#waiters.size === 0 ? undefined : this.#waiters.next()?.priority
  }

  /** Whether anybody waits who is at least as important. */
  hasBefore(priority: Priority): boolean {
    return this.#waiters.size > 0 && this.#waiters.hasBefore(priority)
  }

  /** Settles when `admit` or `reject` reaches `execution`, or rejects when `part`, it or a fork of it, is aborted. */
  wait(execution: Execution, part: Execution, since: number): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      const waiter = new Waiter(this.#waiters, { execution, part, since, resolve, reject })
      this.#waiters.add(waiter)
      part.attach(waiter)
      waiter.isAttached = true
      part.arm(since)
    })
  }

  /** Lets whose turn is next go on; `false` when nobody waits. */
  admit(): boolean {
    if (this.#waiters.size === 0) return false
    this.#waiters.next()?.admit()
    return true
  }

  /** Refuses who has waited longest with that priority. */
  reject(priority: Priority, refusal: (execution: Execution) => unknown): void {
    this.#waiters.oldest(priority)?.refuse(refusal)
  }

  /** Makes room for a call of that priority by refusing one that is less important; `false` where there is none. */
  displace(priority: Priority, refusal: (execution: Execution) => unknown): boolean {
    const least = this.#waiters.leastBelow(priority)
    least?.refuse(refusal)
    return least !== undefined
  }
}

interface Waiting {
  readonly execution: Execution
  readonly part: Execution
  readonly since: number
  readonly resolve: () => void
  readonly reject: (reason: unknown) => void
}

class Waiter implements Abortable, Queued<Waiter> {
  readonly priority: Priority
  earlier: Waiter | undefined = undefined
  later: Waiter | undefined = undefined
  isQueued = false
  /** `attach` may abort at once, and then there is nothing to detach. */
  isAttached = false
  readonly #queue: PriorityQueue<Waiter>
  readonly #waiting: Waiting

  constructor(queue: PriorityQueue<Waiter>, waiting: Waiting) {
    this.#queue = queue
    this.#waiting = waiting
    this.priority = waiting.execution.priority
  }

  get since(): number {
    return this.#waiting.since
  }

  admit(): void {
    this.#leave()
    this.#waiting.resolve()
  }

  refuse(refusal: (execution: Execution) => unknown): void {
    this.#leave()
    this.#waiting.reject(refusal(this.#waiting.execution))
  }

  abort(reason: unknown): void {
    this.#queue.remove(this)
    if (isHoldfastError(reason)) reason.phase ??= 'queued'
    this.#waiting.reject(reason)
  }

  #leave(): void {
    this.#queue.remove(this)
    if (this.isAttached) this.#waiting.part.detach(this)
  }
}
