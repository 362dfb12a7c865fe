import { cancel, type Due, schedule, timerSlackMs } from '../cancellation/index.js'
import { ConcurrencyLimitError } from '../errors/index.js'
import { AdaptiveLimit } from './adaptive-limit.js'
import {
  type AdaptiveConcurrencyOptions,
  checkAdaptiveOptions,
  resolveAdaptiveOptions,
} from './adaptive-options.js'
import { ConcurrencyQueue } from './concurrency-queue.js'
import type { Execution, Step } from './execution.js'
import { judgeLoad, type LimitVerdict } from './limit-verdict.js'
import { BasePolicy, type Policy } from './policy.js'
import { QueueWatch } from './queue-watch.js'
import { guarded } from './user-function.js'

/** Why an adaptive limit refused a call; `shed`: it waited in a queue that no longer gets shorter. */
export interface AdaptiveConcurrencyRejection {
  readonly reason: 'queue full' | 'queue timeout' | 'no free permit' | 'shed'
  readonly execution: Execution
}

/** The events of an adaptive limit. */
export interface AdaptiveConcurrencyEvents {
  /** A call was refused, for whatever reason. */
  reject: AdaptiveConcurrencyRejection
  /** A waiter was shed, after `waitedMs` in the queue. A `reject` goes with it. */
  shed: { readonly execution: Execution; readonly waitedMs: number }
  /** The limit has changed. */
  limit: { readonly limit: number; readonly previousLimit: number }
}

/** An adaptive limit, and how full it is. */
export interface AdaptiveConcurrency extends Policy<AdaptiveConcurrencyEvents> {
  /** The highest that the limit may become. */
  readonly maxLimit: number
  /** How many calls may run at once now. */
  readonly limit: number
  /** Calls that hold a permit; for a moment above `limit` after a cut. */
  readonly inFlight: number
  /** Calls that wait for one. */
  readonly queued: number
  /** Takes a permit if one is free. For pipelines that cannot use `execute`; pair it with `settled` and `release`. */
  tryAcquire(): boolean
  /**
   * Takes a permit, waiting for it if need be.
   * @throws {ConcurrencyLimitError} `CONCURRENCY_LIMIT` when the queue is full, the wait too long or the queue is shed.
   */
  acquire(execution: Execution): Promise<void>
  /**
   * Reports the outcome of a call that holds a permit, before its `release`. Both times by `performance.now()`.
   *
   * @param allowedMs how long the call was allowed to take, which says what is slow; by default nothing is.
   */
  settled(verdict: LimitVerdict, startedAt: number, now: number, allowedMs?: number): void
  /** Gives a permit back, once the work that has been left behind since `execution.lingered` was `mark` has ended. */
  release(execution: Execution, mark: number): void
}

class AdaptiveConcurrencyPolicy extends BasePolicy<AdaptiveConcurrencyEvents> implements AdaptiveConcurrency {
  readonly maxLimit: number
  readonly #options
  readonly #classify: (error: unknown, execution: Execution) => LimitVerdict
  readonly #limit: AdaptiveLimit
  readonly #watch: QueueWatch
  readonly #queue = new ConcurrencyQueue()
  readonly #timer = new ShedTimer(() => this.#shed())

  constructor(options: AdaptiveConcurrencyOptions) {
    super()
    this.#options = resolveAdaptiveOptions(options)
    this.#classify =
      options.classify === undefined
        ? judgeLoad
        : guarded('classify of adaptiveConcurrency()', options.classify, judgeLoad)
    this.#limit = new AdaptiveLimit(this.#options.limit)
    this.#watch = new QueueWatch(this.#options.watch)
    this.maxLimit = this.#options.limit.maxLimit
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

  link(next: Step): Step {
    return async (execution) => {
      if (!this.tryAcquire()) await this.acquire(execution)
      const mark = execution.lingered
      const startedAt = performance.now()
      const allowedMs = execution.deadline - startedAt
      try {
        const value = await next(execution)
        this.settled('success', startedAt, performance.now(), allowedMs)
        return value
      } catch (error) {
        this.settled(this.#classify(error, execution), startedAt, performance.now(), allowedMs)
        throw error
      } finally {
        this.release(execution, mark)
      }
    }
  }

  tryAcquire(): boolean {
    const limit = this.#limit.value
    if (this.#limit.inFlight >= limit) return false
    if (++this.#limit.inFlight === limit) this.#watch.full(performance.now())
    return true
  }

  async acquire(execution: Execution): Promise<void> {
    if (execution.aborted) throw execution.reason
    if (this.tryAcquire()) return
    // A retry or a hedge that had to queue would add load to what is already full.
    if (execution.attempt > 1 || execution.hedged) throw this.#refuse('no free permit', execution)
    const { maxQueue, maxQueueWaitMs, maxQueueWaitRatio } = this.#options
    if (this.#queue.size >= maxQueue) throw this.#refuse('queue full', execution)
    const now = performance.now()
    const waitMs = Math.min(maxQueueWaitMs, (execution.deadline - now) * maxQueueWaitRatio)
    const part = waitMs === Number.POSITIVE_INFINITY ? execution : execution.fork()
    if (part !== execution) part.expireIn(waitMs, () => this.#refuse('queue timeout', execution), now)
    try {
      const admitted = this.#queue.wait(execution, part, now)
      if (!this.#timer.isSet) this.#setTimer(now)
      await admitted
    } finally {
      if (part !== execution) part.release()
      if (this.#queue.size === 0) cancel(this.#timer)
    }
  }

  settled(verdict: LimitVerdict, startedAt: number, now: number, allowedMs = Number.POSITIVE_INFINITY): void {
    const previousLimit = this.#limit.value
    this.#limit.settled(verdict, startedAt, now, allowedMs)
    const limit = this.#limit.value
    if (limit === previousLimit) return
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

  /** Hands free permits to who has waited longest. */
  #admit(): void {
    while (this.#limit.inFlight < this.#limit.value) {
      if (!this.#queue.admit()) {
        this.#watch.free()
        return
      }
      this.#limit.inFlight++
    }
  }

  /** A lower limit leaves no permit free, and the queue may have to be shed sooner than the timer knows. */
  #bind(now: number): void {
    this.#watch.full(now)
    if (!this.#timer.isSet) return
    cancel(this.#timer)
    this.#setTimer(now)
  }

  #setTimer(now: number): void {
    const since = this.#queue.oldestSince
    if (since !== undefined) schedule(this.#timer, this.#watch.dueAt(since, this.#limit.cutAt) - now, now)
  }

  #shed(): void {
    const now = performance.now()
    for (let since = this.#queue.oldestSince; since !== undefined; since = this.#queue.oldestSince) {
      if (this.#watch.dueAt(since, this.#limit.cutAt) > now + timerSlackMs) break
      this.#watch.shed(now)
      const waitedMs = now - since
      this.#queue.reject((execution) => {
        if (this.events.has('shed')) this.events.emit('shed', { execution, waitedMs })
        return this.#refuse('shed', execution)
      })
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

/** Fires when who has waited longest may have to be shed; runs only while somebody waits. */
class ShedTimer implements Due {
  dueAt = 0
  earlier: Due | undefined = undefined
  later: Due | undefined = undefined
  queue: Due['queue'] = undefined
  readonly fire: () => void

  constructor(fire: () => void) {
    this.fire = fire
  }

  get isSet(): boolean {
    return this.queue !== undefined
  }
}

/**
 * Bounds how many calls run at once by what the dependency turns out to bear: the limit grows while calls succeed, and
 * is cut when most are lost or none is answered fast any more. The rest wait in the order of their arrival; a queue
 * that does not pass is shed. Retries and hedges never wait: they take a free permit or fail with `CONCURRENCY_LIMIT`.
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
