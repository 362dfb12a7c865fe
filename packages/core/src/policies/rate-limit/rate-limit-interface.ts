import type { Execution, Policy } from '../kernel/index.js'
import type { RateLimitOptions } from './options.js'

/** Why a rate limit refused a call. */
export interface RateLimitRejection {
  readonly reason: 'queue full' | 'wait too long'
  /** Milliseconds until the call could have had its turn. */
  readonly retryAfterMs: number
  readonly execution: Execution
}

/** The events of a rate limit. */
export interface RateLimitEvents {
  reject: RateLimitRejection
  /** In shadow: a call went through that would have been refused. */
  shadowReject: RateLimitRejection
  /** Redis has failed or not answered in time: the emergency quota holds. */
  degraded: { readonly error: unknown }
  /** Redis is back, and with it the shared quota. */
  restored: object
}

/** A rate limit, and what it is doing. */
export interface RateLimit extends Policy<RateLimitEvents> {
  /** Calls that wait for their turn. */
  readonly queued: number
  /** Where the quota is kept: in this process, in Redis, or in this process because Redis is away. */
  readonly mode: 'local' | 'shared' | 'degraded'
  /** Whether it only reports what it would have done. */
  readonly shadow: boolean
  /**
   * Changes options and keeps what has been counted. What is not given stays. Of `redis` only the emergency quota can
   * change, and of a quota in Redis not the `intervalMs`.
   * @throws {ConfigInvalidError} `CONFIG_INVALID` when an option is out of range or cannot change; then nothing has
   * changed.
   */
  update(options: Partial<RateLimitOptions>): void
  /** Refuses every further call with `CLOSED`, also those that wait, and frees connections and timers. */
  close(): void
}
