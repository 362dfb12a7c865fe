import type { Abortable, Execution } from '../kernel/index.js'

/** A call that waits for its permit. */
export class RateLimitWaiter implements Abortable {
  readonly execution: Execution
  /** When it is too late to get one, by `performance.now()`. */
  readonly latest: number
  readonly #queue: Set<RateLimitWaiter>
  readonly #resolve: () => void
  readonly #reject: (reason: unknown) => void

  constructor(
    queue: Set<RateLimitWaiter>,
    execution: Execution,
    settle: { readonly latest: number; resolve(): void; reject(reason: unknown): void },
  ) {
    this.#queue = queue
    this.execution = execution
    this.latest = settle.latest
    this.#resolve = settle.resolve
    this.#reject = settle.reject
  }

  /** Joins the queue; leaves it at once when the execution is aborted. */
  enter(): void {
    this.#queue.add(this)
    this.execution.attach(this)
  }

  admit(): void {
    this.#leave()
    this.#resolve()
  }

  refuse(error: unknown): void {
    this.#leave()
    this.#reject(error)
  }

  abort(reason: unknown): void {
    this.#queue.delete(this)
    this.#reject(reason)
  }

  #leave(): void {
    this.#queue.delete(this)
    this.execution.detach(this)
  }
}
