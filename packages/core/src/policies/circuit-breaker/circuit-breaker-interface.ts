import type { Execution, Policy } from '../kernel/index.js'
import type { OpossumBreaker } from './observed-opossum.js'
import type { CircuitBreakerOptions } from './options.js'

/** The state of a breaker; `isolated` is open by hand. */
export type BreakerState = 'closed' | 'open' | 'halfOpen' | 'isolated'

/** The events of a breaker. */
export interface CircuitBreakerEvents {
  open: { readonly openMs: number; readonly failures: number; readonly successes: number }
  halfOpen: object
  close: object
  reject: { readonly execution: Execution; readonly retryAfterMs: number | undefined }
  /** In shadow: a call went through that would have been refused. */
  shadowReject: { readonly execution: Execution; readonly retryAfterMs: number | undefined }
}

/** A circuit breaker. */
export interface CircuitBreaker extends Policy<CircuitBreakerEvents> {
  /** In shadow: the state that it would be in. */
  readonly state: BreakerState
  /** Whether it only reports what it would have done. `isolate()` holds all the same. */
  readonly shadow: boolean
  /** Whether a call that began now would be refused; never in shadow. */
  readonly refuses: boolean
  /** Milliseconds until it lets a probe through; `undefined` while it refuses nothing, or is isolated by hand. */
  readonly retryAfterMs: number | undefined
  /** Settled calls of the window. */
  readonly counts: { readonly successes: number; readonly failures: number }
  /**
   * The opossum instance underneath, for tools that attach to one, such as opossum-prometheus. Read it and listen
   * to it; never call its `fire()`.
   */
  readonly opossum: OpossumBreaker
  /** Refuses every call until `reset()`. */
  isolate(): void
  /** If it is open for longer than `ms` milliseconds, lets a probe through within that time after all. */
  probeWithin(ms: number): void
  /** Closes the breaker, also after `isolate()`, and forgets what it has counted. */
  reset(): void
  /**
   * Changes options and keeps the state: what the window holds, and until when it is open. What is not given stays.
   * The `name` cannot change.
   * @throws {ConfigInvalidError} `CONFIG_INVALID` when an option is out of range; then nothing has changed.
   */
  update(options: CircuitBreakerOptions): void
  /**
   * Lets a call begin: gives the ticket with which it must be reported. For pipelines that cannot use `execute`.
   * @throws {CircuitOpenError} `CIRCUIT_OPEN` when the breaker refuses it.
   */
  admit(execution: Execution): number
  /** Whether `startedAt`, by `performance.now()`, is of use to `succeeded` and `failed`; else pass 0. */
  readonly timed: boolean
  /** Reports the success, at `now`, of a call that was admitted. */
  succeeded(ticket: number, value: unknown, startedAt: number, now: number): void
  /** Reports the failure of a call that was admitted. */
  failed(ticket: number, error: unknown, execution: Execution, startedAt: number): void
  /** Stops its timers. A breaker that was shut down lets every call through. */
  shutdown(): void
}
