import { AsyncResource } from 'node:async_hooks'
import { mergeOptions, OptionCheck } from '../../foundation/config/index.js'
import { ClosedError, RateLimitedError } from '../../foundation/errors/index.js'
import type { Execution, Step } from '../kernel/index.js'
import { BasePolicy, type Reconfigurable, takeOn } from '../kernel/index.js'
import {
  checkRateLimitChange,
  type RateLimitOptions,
  type ResolvedRateLimitOptions,
  resolveRateLimitOptions,
} from './options.js'
import { LocalQuota, type Quota } from './quota.js'
import type { RateLimit, RateLimitEvents, RateLimitRejection } from './rate-limit-interface.js'
import { RateLimitWaiter } from './rate-limit-queue.js'
import { SharedQuota } from './shared-quota.js'

class RateLimitPolicy
  extends BasePolicy<RateLimitEvents>
  implements RateLimit, Reconfigurable<RateLimitOptions>
{
  #given: RateLimitOptions
  #options: ResolvedRateLimitOptions
  readonly #quota: Quota
  readonly #local: LocalQuota | undefined
  readonly #shared: SharedQuota | undefined
  /** In the order of arrival. */
  readonly #queue = new Set<RateLimitWaiter>()
  /** What serves the queue runs in the context of whoever made the policy, not in that of one of its calls. */
  readonly #scope = new AsyncResource('HoldfastRateLimit')
  #spare = 0
  #spareUntil = 0
  /** Until then it is known that there are no more permits. */
  #emptyUntil = 0
  #serving = false
  #closed = false
  #timer: NodeJS.Timeout | undefined = undefined

  constructor(options: RateLimitOptions) {
    super()
    this.#given = options
    this.#options = resolveRateLimitOptions(options)
    const { limit, intervalMs, redis } = this.#options
    this.#shared =
      redis &&
      new SharedQuota({
        ...redis,
        limit,
        intervalMs,
        onDegraded: (error) => this.events.emit('degraded', { error }),
        onRestored: () => this.#restored(),
      })
    this.#local = this.#shared === undefined ? new LocalQuota(limit, intervalMs) : undefined
    this.#quota = (this.#shared ?? this.#local) as Quota
  }

  get queued(): number {
    return this.#queue.size
  }

  get shadow(): boolean {
    return this.#options.shadow
  }

  get mode(): 'local' | 'shared' | 'degraded' {
    if (this.#shared === undefined) return 'local'
    return this.#shared.degraded ? 'degraded' : 'shared'
  }

  link<Data>(next: Step<Data>): Step<Data> {
    return async (execution) => {
      if (this.#closed) throw new ClosedError('the rate limit is closed')
      if (this.#queue.size === 0 && this.#spare > 0 && performance.now() < this.#spareUntil) this.#spare--
      else if (this.#options.shadow) this.#pretend(execution)
      else await this.#wait(execution)
      return next(execution)
    }
  }

  update(options: Partial<RateLimitOptions>): void {
    const check = new OptionCheck('update() of rateLimit()')
    check.object('', options ?? null, Object.keys(Object(options)))
    check.done()
    this[takeOn](mergeOptions(this.#given, options))
  }

  [takeOn](given: RateLimitOptions): void {
    const before = this.#options
    const options = resolveRateLimitOptions(given)
    checkRateLimitChange(before, options)
    this.#given = given
    this.#options = options
    const { limit, intervalMs, redis, shadow } = options
    this.#local?.change(limit, intervalMs)
    if (redis !== undefined) this.#shared?.change({ limit, emergencyLimit: redis.emergencyLimit })
    // What was taken in advance may be more than a lower limit allows.
    if (limit < before.limit) this.#spare = 0
    if (limit !== before.limit || intervalMs !== before.intervalMs) this.#emptyUntil = 0
    if (shadow !== before.shadow) for (const waiter of this.#queue) waiter.admit()
    this.#serve()
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#timer)
    for (const waiter of this.#queue) waiter.refuse(new ClosedError('the rate limit is closed'))
    this.#shared?.close()
  }

  /** Joins the queue in its turn like any call, while the call itself goes on. */
  #pretend(execution: Execution): void {
    const now = performance.now()
    if (this.#refusalOf(execution, now) !== undefined) return
    const settle = { latest: this.#latest(execution, now), resolve: nothing, reject: nothing }
    this.#queue.add(new RateLimitWaiter(this.#queue, execution, settle))
    this.#serve()
  }

  /** Resolves with a permit, which is used up. */
  async #wait(execution: Execution): Promise<void> {
    if (execution.aborted) throw execution.reason
    const now = performance.now()
    const refusal = this.#refusalOf(execution, now)
    if (refusal !== undefined) throw refusal
    const { maxWaitMs } = this.#options
    const latest = this.#latest(execution, now)
    const part = maxWaitMs === Number.POSITIVE_INFINITY ? execution : execution.fork()
    if (part !== execution) {
      part.expireIn(maxWaitMs, () => {
        const retryAfterMs = Math.max(0, this.#emptyUntil - performance.now())
        return this.#refusal('wait too long', execution, retryAfterMs)
      })
    }
    try {
      await new Promise<void>((resolve, reject) => {
        new RateLimitWaiter(this.#queue, part, { latest, resolve, reject }).enter()
        part.arm()
        this.#serve()
      })
    } finally {
      if (part !== execution) part.release()
      if (this.#queue.size === 0) this.#sleep(undefined)
    }
  }

  #latest(execution: Execution, now: number): number {
    return Math.min(now + this.#options.maxWaitMs, execution.deadline)
  }

  #refusalOf(execution: Execution, now: number): RateLimitedError | undefined {
    const turn = this.#turnOf(this.#queue.size, now)
    if (this.#queue.size >= this.#queueBound(now)) return this.#refusal('queue full', execution, turn - now)
    if (turn < this.#latest(execution, now)) return undefined
    return this.#refusal('wait too long', execution, turn - now)
  }

  /** Until it is known that the window is used up, as many as it can hold are not waiting but being served. */
  #queueBound(now: number): number {
    return this.#emptyUntil > now ? this.#options.maxQueue : this.#options.maxQueue + this.#quota.limit
  }

  /** The earliest moment at which a call may have its turn that has `position` others before it. */
  #turnOf(position: number, now: number): number {
    const windows = Math.floor(position / this.#quota.limit)
    if (this.#emptyUntil > now) return this.#emptyUntil + windows * this.#options.intervalMs
    return now + Math.max(0, windows - 1) * this.#options.intervalMs
  }

  #refusal(
    reason: RateLimitRejection['reason'],
    execution: Execution,
    retryAfterMs: number,
  ): RateLimitedError {
    const event = this.#options.shadow ? 'shadowReject' : 'reject'
    if (this.events.has(event)) this.events.emit(event, { reason, retryAfterMs, execution })
    const quota = `${this.#options.limit} calls in ${this.#options.intervalMs} ms, ${this.#queue.size} waiting`
    return new RateLimitedError(`${reason}: ${quota}`, retryAfterMs)
  }

  #serve(): void {
    if (this.#serving) return
    this.#serving = true
    void this.#scope.runInAsyncScope(() => this.#serveAll())
  }

  /** Takes permits for all who wait together: one round trip of bottleneck's for many calls. */
  async #serveAll(): Promise<void> {
    try {
      while (this.#queue.size > 0 && !this.#closed) {
        this.#admit()
        if (this.#queue.size === 0) return
        const now = performance.now()
        if (this.#emptyUntil > now) {
          this.#turnAway(now)
          return this.#sleep(this.#emptyUntil - now)
        }
        const wanted = Math.max(this.#queue.size, this.#quota.lease)
        const options = this.#options
        const { permits, until, exhausted } = await this.#quota.take(wanted)
        this.#spare = permits
        this.#spareUntil = until
        if (exhausted && options === this.#options) this.#emptyUntil = until
      }
    } catch (error) {
      for (const waiter of this.#queue) waiter.refuse(error)
    } finally {
      this.#serving = false
    }
  }

  #admit(): void {
    if (performance.now() >= this.#spareUntil) this.#spare = 0
    for (const waiter of this.#queue) {
      if (this.#spare === 0) return
      this.#spare--
      waiter.admit()
    }
  }

  /** Fails at once whoever may not wait, or cannot have a turn in time, now that it is known when there will be permits. */
  #turnAway(now: number): void {
    let position = 0
    for (const waiter of this.#queue) {
      const turn = this.#turnOf(position, now)
      const reason = turn >= waiter.latest ? 'wait too long' : 'queue full'
      if (turn < waiter.latest && position < this.#options.maxQueue) position++
      else waiter.refuse(this.#refusal(reason, waiter.execution, turn - now))
    }
  }

  /** Serves again in `ms` milliseconds; a timer runs only while somebody waits. */
  #sleep(ms: number | undefined): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (ms === undefined || this.#queue.size === 0) return
    this.#timer = setTimeout(() => this.#serve(), Math.min(Math.ceil(ms), 2 ** 31 - 1))
    // Nothing waits for a call that went on long ago.
    if (this.#options.shadow) this.#timer.unref()
  }

  #restored(): void {
    this.#spare = 0
    this.#emptyUntil = 0
    this.events.emit('restored', {})
    this.#serve()
  }
}

const nothing = (): void => {}

/**
 * Keeps to a quota: at most `limit` calls begin in every window of `intervalMs`; the rest wait in the order of their
 * arrival. A call whose turn cannot come before its deadline fails at once with `RATE_LIMITED`. It is for what
 * others allow you, such as the quota of a paid API; `bulkhead` is what protects a dependency from too much at once.
 *
 * The quota is counted by bottleneck, in this process or, with `redis`, for all replicas together. When Redis is
 * away each replica keeps to a small quota of its own until it is back.
 *
 * @throws {ConfigInvalidError} `CONFIG_INVALID` when an option is missing, out of range or contradicts another.
 * @example
 * ```ts
 * import { rateLimit } from '@holdfast/core'
 *
 * const policy = rateLimit({ limit: 100, intervalMs: 1_000, maxWaitMs: 500 })
 * const answer = await policy.execute(async () => 'within the quota')
 * policy.close()
 * ```
 */
export function rateLimit(options: RateLimitOptions): RateLimit {
  return new RateLimitPolicy(options)
}
