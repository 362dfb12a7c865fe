import type { Priority } from '../../foundation/priority/index.js'
import type { Execution, Policy, ShadowRejection } from '../kernel/index.js'
import type { AdaptiveConcurrencyOptions } from './adaptive-options.js'
import type { LimitVerdict } from './limit-verdict.js'

/** Why an adaptive limit refused a call; `shed`: it waited in a queue that no longer gets shorter. */
export interface AdaptiveConcurrencyRejection {
  readonly reason: 'queue full' | 'queue timeout' | 'no free permit' | 'shed'
  readonly execution: Execution
}

/** The events of an adaptive limit. */
export interface AdaptiveConcurrencyEvents {
  /** A call was refused, for whatever reason. */
  reject: AdaptiveConcurrencyRejection
  /** In shadow: a call went through for which there was no permit. */
  shadowReject: ShadowRejection
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
  /** Calls that hold a permit; above `limit` for a moment after a cut, and by a tenth with `critical` calls. */
  readonly inFlight: number
  /** Calls that wait for one. */
  readonly queued: number
  /** Whether it only reports what it would have done. */
  readonly shadow: boolean
  /**
   * Takes a permit if one is free. For pipelines that cannot use `execute`; pair it with `settled` and `release`.
   *
   * @param priority `critical` finds a tenth more permits than there are, one at least; `batch` a tenth less.
   */
  tryAcquire(priority?: Priority): boolean
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
  /**
   * Changes options and keeps the limit that has been learnt, within the new bounds, and who holds a permit and who
   * waits for one. What is not given stays; `initialLimit` has no effect any more.
   * @throws {ConfigInvalidError} `CONFIG_INVALID` when an option is out of range; then nothing has changed.
   */
  update(options: AdaptiveConcurrencyOptions): void
}
