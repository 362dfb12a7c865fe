import { cancel, schedule, timerSlackMs } from '../../foundation/cancellation/index.js'
import { mergeOptions } from '../../foundation/config/index.js'
import { ConcurrencyLimitError } from '../../foundation/errors/index.js'
import { leastFirst, type Priority, roomFor } from '../../foundation/priority/index.js'
import type { Execution, Step } from '../kernel/index.js'
import { BasePolicy, type Reconfigurable, shadowRejection, takeOn } from '../kernel/index.js'
import type {
  AdaptiveConcurrency,
  AdaptiveConcurrencyEvents,
  AdaptiveConcurrencyRejection,
} from './adaptive-concurrency-interface.js'
import { AdaptiveLimit } from './adaptive-limit.js'
import {
  type AdaptiveConcurrencyOptions,
  checkAdaptiveOptions,
  resolveAdaptiveOptions,
} from './adaptive-options.js'
import { ConcurrencyQueue } from './concurrency-queue.js'
import type { LimitVerdict } from './limit-verdict.js'
import { QueueWatch } from './queue-watch.js'
import { ShedTimer } from './shed-timer.js'

class AdaptiveConcurrencyPolicy
  extends BasePolicy<AdaptiveConcurrencyEvents>
  implements AdaptiveConcurrency, Reconfigurable<AdaptiveConcurrencyOptions>
{
  #given: AdaptiveConcurrencyOptions
  #options: ReturnType<typeof resolveAdaptiveOptions>
  readonly #limit: AdaptiveLimit
  readonly #watch: QueueWatch
  readonly #queue = new ConcurrencyQueue()
  readonly #timer = new ShedTimer(() => this.#shed())

  constructor(options: AdaptiveConcurrencyOptions) {
    super()
    this.#given = options
    this.#options = resolveAdaptiveOptions(options)
    this.#limit = new AdaptiveLimit(this.#options.limit)
    this.#watch = new QueueWatch(this.#options.watch)
  }

  get maxLimit(): number {
    return this.#options.limit.maxLimit
  }

  get limit(): number {
    return this.#limit.value
  }

  get inFlight(): number {
    return this.#limit.inFlight
  }

  get queued(): number {
    return this.#queue.size
  }

  get shadow(): boolean {
    return this.#options.shadow
  }

  link<Data>(next: Step<Data>): Step<Data> {
    return async (execution) => {
      if (!this.tryAcquire(execution.priority)) await this.acquire(execution)
      const mark = execution.lingered
      const startedAt = performance.now()
      const allowedMs = execution.deadline - startedAt
      try {
        const value = await next(execution)
        this.settled('success', startedAt, performance.now(), allowedMs)
        return value
      } catch (error) {
        this.settled(this.#options.classify(error, execution), startedAt, performance.now(), allowedMs)
        throw error
      } finally {
        this.release(execution, mark)
      }
    }
  }

  tryAcquire(priority: Priority = 'default'): boolean {
    const limit = this.#limit.value
    if (this.#limit.inFlight >= (priority === 'default' ? limit : roomFor(priority, limit))) return false
    if (this.#queue.hasBefore(priority)) return false
    if (++this.#limit.inFlight >= limit) this.#bind(performance.now())
    return true
  }

  async acquire(execution: Execution): Promise<void> {
    if (execution.aborted) throw execution.reason
    const { priority } = execution
    if (this.tryAcquire(priority)) return
    const { maxQueue, maxQueueWaitMs, maxQueueWaitRatio, shadow } = this.#options
    if (shadow) {
      this.#pretend(execution)
      return
    }
    // A retry or a hedge that had to queue would add load to what is already full.
    if (execution.attempt > 1 || execution.hedged) throw this.#refuse('no free permit', execution)
    const isFull = (refused: Execution) => this.#refuse('queue full', refused)
    if (this.#queue.size >= maxQueue && !this.#queue.displace(priority, isFull)) throw isFull(execution)
    const now = performance.now()
    const waitMs = Math.min(maxQueueWaitMs, (execution.deadline - now) * maxQueueWaitRatio)
    const part = waitMs === Number.POSITIVE_INFINITY ? execution : execution.fork()
    if (part !== execution) part.expireIn(waitMs, () => this.#refuse('queue timeout', execution), now)
    try {
      const admitted = this.#queue.wait(execution, part, now)
      // A less important one may be due before those who wait already.
      if (!this.#timer.isSet || priority !== 'default') this.#setTimer(now)
      await admitted
    } finally {
      if (part !== execution) part.release()
      if (this.#queue.size === 0) cancel(this.#timer)
    }
  }

  settled(verdict: LimitVerdict, startedAt: number, now: number, allowedMs = Number.POSITIVE_INFINITY): void {
    const previousLimit = this.#limit.value
    this.#limit.settled(verdict, startedAt, now, allowedMs)
    if (this.#limit.value !== previousLimit) this.#changed(previousLimit, now)
  }

  update(options: AdaptiveConcurrencyOptions): void {
    checkAdaptiveOptions(options, 'update() of adaptiveConcurrency()')
    // Where it began is no matter any more, and shall not stand in the way of another maximum.
    const { initialLimit: _, ...given } = this.#given
    this[takeOn](mergeOptions(given, options))
  }

  [takeOn](options: AdaptiveConcurrencyOptions): void {
    checkAdaptiveOptions(options)
    this.#given = options
    this.#options = resolveAdaptiveOptions(options)
    const previousLimit = this.#limit.value
    const now = performance.now()
    this.#limit.takeOn(this.#options.limit)
    this.#watch.takeOn(this.#options.watch)
    if (this.#options.shadow) this.#admitAll()
    if (this.#limit.value !== previousLimit) this.#changed(previousLimit, now)
    if (this.#timer.isSet) this.#setTimer(now)
  }

  /** Takes a permit that there is not. */
  #pretend(execution: Execution): void {
    if (this.events.has('shadowReject')) {
      const waiting = Math.max(0, this.#limit.inFlight - this.#limit.value)
      this.events.emit('shadowReject', shadowRejection(execution, waiting, this.#options.maxQueue))
    }
    this.#limit.inFlight++
  }

  #changed(previousLimit: number, now: number): void {
    const limit = this.#limit.value
    if (limit > previousLimit) this.#admit()
    else if (this.#limit.inFlight >= limit) this.#bind(now)
    if (this.events.has('limit')) this.events.emit('limit', { limit, previousLimit })
  }

  release(execution: Execution, mark: number): void {
    if (execution.lingered === mark) this.#free()
    else void execution.settled(mark).then(() => this.#free())
  }

  #free(): void {
    this.#limit.inFlight--
    this.#admit()
  }

  /** Hands free permits to whose turn it is. */
  #admit(): void {
    const limit = this.#limit
    for (;;) {
      const next = this.#queue.nextPriority
      // A permit that `batch` calls leave to others is free all the same.
      if (limit.inFlight < limit.value && (next === undefined || next === 'batch')) this.#watch.free()
      if (next === undefined || limit.inFlight >= roomFor(next, limit.value)) return
      limit.inFlight++
      this.#queue.admit()
    }
  }

  #admitAll(): void {
    while (this.#queue.admit()) this.#limit.inFlight++
  }

  /** No permit is free any more, and who waits, for more than a reserve, may have to be shed sooner than the timer knows. */
  #bind(now: number): void {
    this.#watch.full(now)
    if (this.#queue.size > 0) this.#setTimer(now)
  }

  #setTimer(now: number): void {
    let dueAt = Number.POSITIVE_INFINITY
    for (const priority of leastFirst) dueAt = Math.min(dueAt, this.#dueAt(priority))
    cancel(this.#timer)
    if (dueAt !== Number.POSITIVE_INFINITY) schedule(this.#timer, dueAt - now, now)
  }

  /** When the first of that priority has to go; `Infinity` while none waits, or a permit is free. */
  #dueAt(priority: Priority): number {
    const since = this.#queue.oldestSince(priority)
    if (since === undefined) return Number.POSITIVE_INFINITY
    return this.#watch.dueAt(since, this.#limit.cutAt, priority)
  }

  #shed(): void {
    const now = performance.now()
    for (const priority of leastFirst) {
      while (this.#dueAt(priority) <= now + timerSlackMs) {
        const waitedMs = now - (this.#queue.oldestSince(priority) as number)
        this.#watch.shed(now)
        this.#queue.reject(priority, (execution) => {
          if (this.events.has('shed')) this.events.emit('shed', { execution, waitedMs })
          return this.#refuse('shed', execution)
        })
      }
    }
    if (!this.#timer.isSet) this.#setTimer(now)
  }

  #refuse(reason: AdaptiveConcurrencyRejection['reason'], execution: Execution): ConcurrencyLimitError {
    if (this.events.has('reject')) this.events.emit('reject', { reason, execution })
    return new ConcurrencyLimitError(
      `${reason}: ${this.#limit.inFlight} of ${this.#limit.value} permits in use, ${this.#queue.size} waiting`,
    )
  }
}

/**
 * Bounds how many calls run at once by what the dependency turns out to bear: the limit grows while calls succeed, and
 * is cut when most are lost or none is answered fast any more. The rest wait by priority and in the order of their
 * arrival; a queue that does not pass is shed, the least important first. Retries and hedges never wait: they take a free permit or fail with `CONCURRENCY_LIMIT`.
 *
 * Additive increase and multiplicative decrease as in TCP Reno, shedding after CoDel (Nichols and Jacobson 2012).
 *
 * @throws {ConfigInvalidError} `CONFIG_INVALID` when an option is out of range.
 * @example
 * ```ts
 * import { adaptiveConcurrency } from '@holdfast/core'
 *
 * const search = adaptiveConcurrency({ maxLimit: 50 })
 * search.on('limit', ({ limit, previousLimit }) => console.log(`${previousLimit} -> ${limit}`))
 * const hits = await search.execute(async () => ['hit'])
 * ```
 */
export function adaptiveConcurrency(options: AdaptiveConcurrencyOptions = {}): AdaptiveConcurrency {
  checkAdaptiveOptions(options)
  return new AdaptiveConcurrencyPolicy(options)
}
