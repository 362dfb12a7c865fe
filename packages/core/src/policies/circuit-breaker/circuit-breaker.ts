import { mergeOptions } from '../../foundation/config/index.js'
import { CircuitOpenError, ConfigInvalidError } from '../../foundation/errors/index.js'
import type { Execution, Step } from '../kernel/index.js'
import { BasePolicy, type Reconfigurable, takeOn } from '../kernel/index.js'
import { BreakerOpening } from './breaker-opening.js'
import type { BreakerVerdict } from './breaker-verdict.js'
import type { BreakerState, CircuitBreaker, CircuitBreakerEvents } from './circuit-breaker-interface.js'
import type { OpossumBreaker } from './observed-opossum.js'
import {
  type CircuitBreakerOptions,
  type ResolvedCircuitBreaker,
  resolveCircuitBreakerOptions,
} from './options.js'
import { OutcomeWindow } from './outcome-window.js'

/** The ticket of a call that would have been refused: it belongs to no generation, so that its outcome does not count. */
const shadowTicket = -1

class CircuitBreakerPolicy
  extends BasePolicy<CircuitBreakerEvents>
  implements CircuitBreaker, Reconfigurable<CircuitBreakerOptions>
{
  #given: CircuitBreakerOptions
  #options: ResolvedCircuitBreaker
  readonly #window: OutcomeWindow
  readonly #opening: BreakerOpening
  /** Raised by every transition: what began before one does not count after it. */
  #generation = 0
  #isolated = false
  #isShutDown = false
  #probeStartedAt: number | undefined = undefined
  #openUntil = 0

  constructor(given: CircuitBreakerOptions) {
    super()
    const options = resolveCircuitBreakerOptions(given)
    this.#given = given
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

  get shadow(): boolean {
    return this.#options.shadow
  }

  get refuses(): boolean {
    return this.#isolated || (this.#wouldRefuse && !this.#options.shadow)
  }

  get #wouldRefuse(): boolean {
    const { opossum } = this
    return this.#isolated || opossum.opened || (opossum.halfOpen && !this.#probeIsFree())
  }

  get retryAfterMs(): number | undefined {
    return this.refuses ? this.#waitMs : undefined
  }

  get #waitMs(): number | undefined {
    if (this.#isolated || !this.#wouldRefuse) return undefined
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

  update(options: CircuitBreakerOptions): void {
    resolveCircuitBreakerOptions(options, 'update() of circuitBreaker()')
    this[takeOn](mergeOptions(this.#given, options))
  }

  [takeOn](given: CircuitBreakerOptions): void {
    const options = resolveCircuitBreakerOptions(given)
    if (options.name !== this.#options.name) throw renamed()
    if (options.windowMs !== this.#options.windowMs) this.#window.resize(options.windowMs)
    this.#given = given
    this.#options = options
    this.#opening.takeOn(options)
  }

  shutdown(): void {
    this.#isShutDown = true
    this.#isolated = false
    this.#transition()
    this.opossum.shutdown()
  }

  link<Data>(next: Step<Data>): Step<Data> {
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
    const retryAfterMs = this.#waitMs
    if (this.#options.shadow && !this.#isolated) {
      if (this.events.has('shadowReject')) this.events.emit('shadowReject', { execution, retryAfterMs })
      return shadowTicket
    }
    this.#window.reject()
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

function renamed(): ConfigInvalidError {
  return new ConfigInvalidError('circuitBreaker()', [
    { path: 'name', message: 'cannot change while the breaker is in use; make a new one' },
  ])
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
  return new CircuitBreakerPolicy(options)
}
