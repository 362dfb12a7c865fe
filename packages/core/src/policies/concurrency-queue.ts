import { isHoldfastError } from '../errors/index.js'
import type { Abortable, Execution } from './execution.js'

/** Calls that wait for a permit, in the order of their arrival. One that gave up is taken out at once. */
export class ConcurrencyQueue {
  readonly #waiters = new Set<Waiter>()

  get size(): number {
    return this.#waiters.size
  }

  /** When who has waited longest began to, by `performance.now()`; `undefined` when nobody waits. */
  get oldestSince(): number | undefined {
    return this.#oldest()?.since
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

  /** Lets who has waited longest go on; `false` when nobody waits. */
  admit(): boolean {
    const oldest = this.#oldest()
    oldest?.admit()
    return oldest !== undefined
  }

  /** Refuses who has waited longest. */
  reject(refusal: (execution: Execution) => unknown): void {
    this.#oldest()?.refuse(refusal)
  }

  #oldest(): Waiter | undefined {
    for (const waiter of this.#waiters) return waiter
    return undefined
  }
}

interface Waiting {
  readonly execution: Execution
  readonly part: Execution
  readonly since: number
  readonly resolve: () => void
  readonly reject: (reason: unknown) => void
}

class Waiter implements Abortable {
  /** `attach` may abort at once, and then there is nothing to detach. */
  isAttached = false
  readonly #queue: Set<Waiter>
  readonly #waiting: Waiting

  constructor(queue: Set<Waiter>, waiting: Waiting) {
    this.#queue = queue
    this.#waiting = waiting
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
    this.#queue.delete(this)
    if (isHoldfastError(reason)) reason.phase ??= 'queued'
    this.#waiting.reject(reason)
  }

  #leave(): void {
    this.#queue.delete(this)
    if (this.isAttached) this.#waiting.part.detach(this)
  }
}
