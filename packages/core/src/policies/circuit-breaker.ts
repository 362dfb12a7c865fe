import { CircuitOpenError } from '../errors/index.js'
import { BreakerOpening } from './breaker-opening.js'
import type { BreakerVerdict } from './breaker-verdict.js'
import {
  type CircuitBreakerOptions,
  type ResolvedCircuitBreaker,
  resolveCircuitBreakerOptions,
} from './circuit-breaker-options.js'
import type { Execution, Step } from './execution.js'
import type { OpossumBreaker } from './observed-opossum.js'
import { OutcomeWindow } from './outcome-window.js'
import { BasePolicy, type Policy } from './policy.js'

/** The state of a breaker; `isolated` is open by hand. */
export type BreakerState = 'closed' | 'open' | 'halfOpen' | 'isolated'

/** The events of a breaker. */
export interface CircuitBreakerEvents {
  open: { readonly openMs: number; readonly failures: number; readonly successes: number }
  halfOpen: object
  close: object
  reject: { readonly execution: Execution; readonly retryAfterMs: number | undefined }
}

/** A circuit breaker. */
export interface CircuitBreaker extends Policy<CircuitBreakerEvents> {
  readonly state: BreakerState
  /** Whether a call that began now would be refused. */
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

class CircuitBreakerPolicy extends BasePolicy<CircuitBreakerEvents> implements CircuitBreaker {
  readonly #options: ResolvedCircuitBreaker
  readonly #window: OutcomeWindow
  readonly #opening: BreakerOpening
  /** Raised by every transition: what began before one does not count after it. */
  #generation = 0
  #isolated = false
  #isShutDown = false
  #probeStartedAt: number | undefined = undefined
  #openUntil = 0

  constructor(options: ResolvedCircuitBreaker) {
    super()
    this.#options = options
    this.#window = new OutcomeWindow(options.name, options.windowMs)
    this.#opening = new BreakerOpening(options, this.#window)
    this.#window.breaker.on('halfOpen', () => this.#halfOpen())
  }

  get opossum(): OpossumBreaker {
    return this.#window.breaker
  }

  get state(): BreakerState {
    if (this.#isolated) return 'isolated'
    if (this.opossum.opened) return 'open'
    return this.opossum.halfOpen ? 'halfOpen' : 'closed'
  }

  get refuses(): boolean {
    const { opossum } = this
    return this.#isolated || opossum.opened || (opossum.halfOpen && !this.#probeIsFree())
  }

  get retryAfterMs(): number | undefined {
    if (this.#isolated || !this.refuses) return undefined
    return Math.max(0, this.#openUntil - performance.now())
  }

  get counts(): { readonly successes: number; readonly failures: number } {
    return this.#window.counts(performance.now())
  }

  isolate(): void {
    this.#isolated = true
    this.#generation++
  }

  probeWithin(ms: number): void {
    const now = performance.now()
    if (!this.opossum.opened || this.#openUntil - now <= ms) return
    // With the jitter of any other opening.
    const duration = ms * (0.5 + 0.5 * this.#options.random())
    this.#openUntil = now + duration
    this.#window.retime(duration)
  }

  reset(): void {
    this.#isolated = false
    this.#close()
  }

  shutdown(): void {
    this.#isShutDown = true
    this.#isolated = false
    this.#transition()
    this.opossum.shutdown()
  }

  link(next: Step): Step {
    return async (execution) => {
      const ticket = this.admit(execution)
      const startedAt = this.timed ? performance.now() : 0
      let value: unknown
      try {
        value = await next(execution)
      } catch (error) {
        this.failed(ticket, error, execution, startedAt)
        throw error
      }
      this.succeeded(ticket, value, startedAt, performance.now())
      return value
    }
  }

  get timed(): boolean {
    return this.#options.slowCallMs !== false || this.#window.observed
  }

  admit(execution: Execution): number {
    const { opossum } = this
    if (!this.#isolated) {
      if (opossum.halfOpen && this.#probeIsFree()) {
        // The probe that this one replaces must neither count any more nor return what is no longer its place.
        if (this.#probeStartedAt !== undefined) this.#generation++
        this.#probeStartedAt = performance.now()
        return this.#generation
      }
      if (!opossum.opened && !opossum.halfOpen) return this.#generation
    }
    this.#window.reject()
    const { retryAfterMs } = this
    if (this.events.has('reject')) this.events.emit('reject', { execution, retryAfterMs })
    throw new CircuitOpenError(refusal(this.state, retryAfterMs), retryAfterMs)
  }

  succeeded(ticket: number, value: unknown, startedAt: number, now: number): void {
    if (ticket === this.#generation && !this.#isShutDown) this.#settle('success', startedAt, now, value)
  }

  failed(ticket: number, error: unknown, execution: Execution, startedAt: number): void {
    if (ticket !== this.#generation || this.#isShutDown) return
    this.#settle(this.#options.classify(error, execution), startedAt, performance.now(), error)
  }

  #probeIsFree(): boolean {
    const startedAt = this.#probeStartedAt
    return startedAt === undefined || performance.now() - startedAt > this.#options.probeTimeoutMs
  }

  #settle(verdict: BreakerVerdict, startedAt: number, now: number, outcome: unknown): void {
    const { slowCallMs } = this.#options
    const failed =
      verdict === 'failure' ||
      verdict === 'connection' ||
      (verdict === 'success' && slowCallMs !== false && now - startedAt > slowCallMs)
    if (verdict !== 'neutral') this.#window.record(failed ? 'failure' : 'success', now, startedAt, outcome)
    if (this.opossum.halfOpen) this.#settleProbe(verdict, failed)
    else if (failed) {
      if (this.#opening.isDueTo(verdict, now)) this.#open(now)
    } else if (verdict === 'success') this.#opening.forgetFailures()
  }

  #settleProbe(verdict: BreakerVerdict, failed: boolean): void {
    if (failed) this.#open(performance.now())
    else if (verdict === 'success') this.#close()
    else this.#probeStartedAt = undefined
  }

  #open(now: number): void {
    const duration = this.#opening.nextMs()
    const { successes, failures } = this.#window.counts(now)
    this.#openUntil = now + duration
    this.#transition()
    this.#window.open(duration)
    this.events.emit('open', { openMs: duration, failures, successes })
  }

  #halfOpen(): void {
    this.#transition()
    this.events.emit('halfOpen', {})
  }

  #close(): void {
    const wasClosed = this.opossum.closed
    this.#opening.closed()
    this.#transition()
    this.#window.close()
    if (!wasClosed) this.events.emit('close', {})
  }

  #transition(): void {
    this.#generation++
    this.#probeStartedAt = undefined
    this.#opening.forgetFailures()
  }
}

function refusal(state: BreakerState, retryAfterMs: number | undefined): string {
  if (retryAfterMs === undefined) return 'the circuit is isolated'
  if (state === 'halfOpen') return 'the circuit is half open and its probe has not settled'
  return `the circuit is open; it lets a probe through in ${Math.ceil(retryAfterMs)} ms`
}

/**
 * Refuses calls to a dependency that keeps failing, so that they fail in microseconds and the dependency is left
 * alone until a probe finds it well again.
 *
 * The state machine, the window and the events are opossum's, driven from outside: only settled calls count, a
 * call that began before a transition does not count after it, and a probe that was aborted is followed by another.
 *
 * @throws {ConfigInvalidError} `CONFIG_INVALID` when an option is out of range.
 * @example
 * ```ts
 * import { circuitBreaker } from '@holdfast/core'
 *
 * const breaker = circuitBreaker({ failureRatio: 0.5, minimumCalls: 10 })
 * breaker.on('open', ({ openMs }) => console.warn(`open for ${openMs} ms`))
 * const answer = await breaker.execute(async () => 'well')
 * ```
 */
export function circuitBreaker(options: CircuitBreakerOptions = {}): CircuitBreaker {
  return new CircuitBreakerPolicy(resolveCircuitBreakerOptions(options))
}
