import { mergeOptions } from '../../foundation/config/index.js'
import { ConcurrencyLimitError } from '../../foundation/errors/index.js'
import type { Execution, Step } from '../kernel/index.js'
import {
  BasePolicy,
  type Policy,
  type Reconfigurable,
  type ShadowRejection,
  shadowRejection,
  takeOn,
} from '../kernel/index.js'
import { type BulkheadOptions, resolveBulkhead } from './bulkhead-options.js'
import { ConcurrencyQueue } from './concurrency-queue.js'

/** Why a bulkhead refused a call. */
export interface BulkheadRejection {
  readonly reason: 'queue full' | 'queue timeout' | 'no free permit'
  readonly execution: Execution
}

/** The events of a bulkhead. */
export interface BulkheadEvents {
  reject: BulkheadRejection
  /** In shadow: a call went through for which there was no permit. */
  shadowReject: ShadowRejection
}

/** A bulkhead, and how full it is. */
export interface Bulkhead extends Policy<BulkheadEvents> {
  readonly maxConcurrent: number
  /** Calls that hold a permit: more than `maxConcurrent` in shadow, and after that was lowered. */
  readonly inFlight: number
  /** Calls that wait for one. */
  readonly queued: number
  /** Whether it only reports what it would have done. */
  readonly shadow: boolean
  /** Takes a permit if one is free. For pipelines that cannot use `execute`; pair it with `release`. */
  tryAcquire(): boolean
  /**
   * Takes a permit, waiting for it if need be.
   * @throws {ConcurrencyLimitError} `CONCURRENCY_LIMIT` when the queue is full or the wait too long.
   */
  acquire(execution: Execution): Promise<void>
  /** Gives a permit back, once the work that has been left behind since `execution.lingered` was `mark` has ended. */
  release(execution: Execution, mark: number): void
  /**
   * Changes options and keeps who holds a permit and who waits for one: with more permits those go on at once, with
   * fewer none is handed out until enough have come back. What is not given stays.
   * @throws {ConfigInvalidError} `CONFIG_INVALID` when an option is out of range; then nothing has changed.
   */
  update(options: BulkheadOptions): void
}

class BulkheadPolicy extends BasePolicy<BulkheadEvents> implements Bulkhead, Reconfigurable<BulkheadOptions> {
  maxConcurrent: number
  #given: BulkheadOptions
  #options: Required<BulkheadOptions>
  readonly #queue = new ConcurrencyQueue()
  #inFlight = 0

  constructor(options: BulkheadOptions) {
    super()
    this.#given = options
    this.#options = resolveBulkhead(options)
    this.maxConcurrent = this.#options.maxConcurrent
  }

  get inFlight(): number {
    return this.#inFlight
  }

  get queued(): number {
    return this.#queue.size
  }

  get shadow(): boolean {
    return this.#options.shadow
  }

  link<Data>(next: Step<Data>): Step<Data> {
    return async (execution) => {
      if (!this.tryAcquire()) await this.acquire(execution)
      const mark = execution.lingered
      try {
        return await next(execution)
      } finally {
        this.release(execution, mark)
      }
    }
  }

  tryAcquire(): boolean {
    if (this.#inFlight >= this.maxConcurrent) return false
    this.#inFlight++
    return true
  }

  async acquire(execution: Execution): Promise<void> {
    if (execution.aborted) throw execution.reason
    if (this.tryAcquire()) return
    const { maxQueue, queueTimeoutMs, shadow } = this.#options
    if (shadow) {
      this.#pretend(execution)
      return
    }
    // A retry or a hedge that had to queue would add load to what is already full.
    if (execution.attempt > 1 || execution.hedged) throw this.#refuse('no free permit', execution)
    const isFull = (refused: Execution) => this.#refuse('queue full', refused)
    if (this.#queue.size >= maxQueue && !this.#queue.displace(execution.priority, isFull))
      throw isFull(execution)
    const part = queueTimeoutMs === false ? execution : execution.fork()
    if (queueTimeoutMs !== false) {
      part.expireIn(queueTimeoutMs, () => this.#refuse('queue timeout', execution))
    }
    try {
      await this.#queue.wait(execution, part, performance.now())
    } finally {
      if (part !== execution) part.release()
    }
  }

  release(execution: Execution, mark: number): void {
    if (execution.lingered === mark) this.#pass()
    else void execution.settled(mark).then(() => this.#pass())
  }

  update(options: BulkheadOptions): void {
    resolveBulkhead(options, 'update() of bulkhead()')
    this[takeOn](mergeOptions(this.#given, options))
  }

  [takeOn](options: BulkheadOptions): void {
    this.#options = resolveBulkhead(options)
    this.#given = options
    this.maxConcurrent = this.#options.maxConcurrent
    const room = this.#options.shadow ? Number.POSITIVE_INFINITY : this.maxConcurrent
    while (this.#inFlight < room && this.#queue.admit()) this.#inFlight++
  }

  /** Takes a permit that there is not. */
  #pretend(execution: Execution): void {
    if (this.events.has('shadowReject')) {
      const waiting = this.#inFlight - this.maxConcurrent
      this.events.emit('shadowReject', shadowRejection(execution, waiting, this.#options.maxQueue))
    }
    this.#inFlight++
  }

  #refuse(reason: BulkheadRejection['reason'], execution: Execution): ConcurrencyLimitError {
    if (this.events.has('reject')) this.events.emit('reject', { reason, execution })
    return new ConcurrencyLimitError(
      `${reason}: ${this.#inFlight} of ${this.maxConcurrent} permits in use, ${this.#queue.size} waiting`,
    )
  }

  /** Hands the permit to whose turn it is, or takes it back. */
  #pass(): void {
    if (this.#inFlight > this.maxConcurrent || !this.#queue.admit()) this.#inFlight--
  }
}

/**
 * Bounds how many calls run at once; the rest wait by priority and in the order of their
 * arrival. A permit is held until the work
 * itself has ended, also when the caller has given up on it. Retries and hedges never wait: they take a free
 * permit or fail with `CONCURRENCY_LIMIT`.
 *
 * @throws {ConfigInvalidError} `CONFIG_INVALID` when an option is out of range.
 * @example
 * ```ts
 * import { bulkhead } from '@holdfast/core'
 *
 * const database = bulkhead({ maxConcurrent: 10, maxQueue: 100, queueTimeoutMs: 500 })
 * const rows = await database.execute(async () => ['row'])
 * ```
 */
export function bulkhead(options: BulkheadOptions = {}): Bulkhead {
  return new BulkheadPolicy(options)
}
