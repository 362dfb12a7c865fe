import { OptionCheck, show } from '../config/index.js'
import { CircuitOpenError } from '../errors/index.js'
import { type BreakerVerdict, judgeError } from './breaker-verdict.js'
import type { Execution, Step } from './execution.js'
import type { OpossumBreaker } from './observed-opossum.js'
import { OutcomeWindow } from './outcome-window.js'
import { BasePolicy, type Policy } from './policy.js'
import { guarded, guardedRandom } from './user-function.js'

/** Options of `circuitBreaker`. */
export interface CircuitBreakerOptions {
  /**
   * Opens when at least this share of the settled calls of the window has failed.
   * @default 0.9
   */
  readonly failureRatio?: number
  /**
   * Settled calls that the window must hold before the share counts.
   * @default 20
   */
  readonly minimumCalls?: number
  /**
   * Length of the rolling window, in milliseconds.
   * @default 10000
   */
  readonly windowMs?: number
  /**
   * Opens after this many failures to connect in a row; `false` for never.
   * @default 5
   */
  readonly connectionFailures?: number | false
  /**
   * Opens when for this long, in milliseconds, every settled call has failed, `minimumCalls` of them at least: a
   * dependency that is down altogether need not fill the window first. `false` for never.
   * @default 2000
   */
  readonly outageMs?: number | false
  /**
   * How long it stays open the first time, in milliseconds: drawn evenly between this and twice this. Both double
   * each time the probe fails, until twice this reaches `maxOpenMs`.
   * @default 1000
   */
  readonly openMs?: number
  /**
   * The longest it stays open, in milliseconds; a function is asked each time it opens.
   * @default 5000
   */
  readonly maxOpenMs?: number | (() => number)
  /**
   * A success that took longer than this counts as a failure, in milliseconds; `false` for none.
   * @default false
   */
  readonly slowCallMs?: number | false
  /**
   * When a probe has not settled for this long, another one is let through, in milliseconds.
   * @default 10000
   */
  readonly probeTimeoutMs?: number
  /**
   * What an error says about the dependency. By default aborts and refusals by other policies are neutral, what
   * never connected is `connection`, an `HttpError` below 500 a success, and every other error a failure.
   */
  readonly classify?: (error: unknown, execution: Execution) => BreakerVerdict
  /**
   * Name of the opossum instance, which opossum's own tools show.
   * @default 'circuit'
   */
  readonly name?: string
  /**
   * Source of chance, from 0 to below 1.
   * @default Math.random
   */
  readonly random?: () => number
}

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
  readonly #options
  readonly #window: OutcomeWindow
  /** Raised by every transition: what began before one does not count after it. */
  #generation = 0
  #isolated = false
  #isShutDown = false
  #probeStartedAt: number | undefined = undefined
  #connectionFailures = 0
  /** Failures since the last success, and when the first of them settled. */
  #failuresInARow = 0
  #failingSince = 0
  /** How often in a row it has opened without closing. */
  #openings = 0
  #openUntil = 0

  constructor(options: CircuitBreakerOptions) {
    super()
    this.#options = {
      failureRatio: options.failureRatio ?? 0.9,
      minimumCalls: options.minimumCalls ?? 20,
      connectionFailures: options.connectionFailures ?? 5,
      outageMs: options.outageMs ?? 2000,
      openMs: options.openMs ?? 1000,
      maxOpenMs: longestOf(options),
      slowCallMs: options.slowCallMs ?? (false as const),
      probeTimeoutMs: options.probeTimeoutMs ?? 10_000,
      classify:
        options.classify === undefined
          ? judgeError
          : guarded('classify of circuitBreaker()', options.classify, judgeError),
      random: guardedRandom(options.random ?? Math.random),
    }
    this.#window = new OutcomeWindow(options.name ?? 'circuit', options.windowMs ?? 10_000)
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
    else if (failed) this.#countFailure(verdict, now)
    else if (verdict === 'success') this.#forgetFailures()
  }

  #countFailure(verdict: BreakerVerdict, now: number): void {
    this.#connectionFailures = verdict === 'connection' ? this.#connectionFailures + 1 : 0
    if (this.#failuresInARow++ === 0) this.#failingSince = now
    const { connectionFailures, failureRatio, minimumCalls, outageMs } = this.#options
    const isUnreachable = connectionFailures !== false && this.#connectionFailures >= connectionFailures
    const isDown =
      outageMs !== false && this.#failuresInARow >= minimumCalls && now - this.#failingSince >= outageMs
    const { successes, failures } = this.#window.counts(now)
    const total = successes + failures
    const isFailing = total >= minimumCalls && failures / total >= failureRatio
    if (isUnreachable || isDown || isFailing) this.#open(now)
  }

  #forgetFailures(): void {
    this.#connectionFailures = 0
    this.#failuresInARow = 0
  }

  #settleProbe(verdict: BreakerVerdict, failed: boolean): void {
    if (failed) this.#open(performance.now())
    else if (verdict === 'success') this.#close()
    else this.#probeStartedAt = undefined
  }

  #open(now: number): void {
    const { openMs, maxOpenMs, random } = this.#options
    // Also at the longest some jitter is left: clients that opened together must not probe together.
    const longest = Math.min(maxOpenMs(), 2 * openMs * 2 ** Math.min(this.#openings, 30))
    const shortest = Math.max(longest / 2, Math.min(openMs, longest))
    const duration = shortest + random() * (longest - shortest)
    const { successes, failures } = this.#window.counts(now)
    this.#openings++
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
    this.#openings = 0
    this.#transition()
    this.#window.close()
    if (!wasClosed) this.events.emit('close', {})
  }

  #transition(): void {
    this.#generation++
    this.#probeStartedAt = undefined
    this.#forgetFailures()
  }
}

const defaultMaxOpenMs = 5_000
/** The longest that a timer can hold. */
const longestTimerMs = 2 ** 31 - 1

/** How long it may stay open; what a function gives that is no time is not believed. */
function longestOf({ maxOpenMs, openMs = 0 }: CircuitBreakerOptions): () => number {
  const usual = Math.max(defaultMaxOpenMs, openMs)
  if (typeof maxOpenMs !== 'function') return () => maxOpenMs ?? usual
  const asked = guarded('maxOpenMs of circuitBreaker()', maxOpenMs, () => usual)
  return () => {
    const ms = asked()
    return ms > 0 && ms <= longestTimerMs ? ms : usual
  }
}

function refusal(state: BreakerState, retryAfterMs: number | undefined): string {
  if (retryAfterMs === undefined) return 'the circuit is isolated'
  if (state === 'halfOpen') return 'the circuit is half open and its probe has not settled'
  return `the circuit is open; it lets a probe through in ${Math.ceil(retryAfterMs)} ms`
}

const optionNames = [
  'failureRatio',
  'minimumCalls',
  'windowMs',
  'connectionFailures',
  'outageMs',
  'openMs',
  'maxOpenMs',
  'slowCallMs',
  'probeTimeoutMs',
  'classify',
  'name',
  'random',
] as const satisfies readonly (keyof CircuitBreakerOptions)[]

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
  const check = new OptionCheck('circuitBreaker()')
  if (check.object('', options, optionNames)) {
    check.number('failureRatio', options.failureRatio, { min: 0, max: 1, exclusive: true })
    check.number('minimumCalls', options.minimumCalls, { min: 1, integer: true })
    check.milliseconds('windowMs', options.windowMs, { min: 100, exclusive: false })
    if (options.connectionFailures !== false) {
      check.number('connectionFailures', options.connectionFailures, { min: 1, integer: true })
    }
    if (options.outageMs !== false) check.milliseconds('outageMs', options.outageMs)
    check.milliseconds('openMs', options.openMs)
    if (typeof options.maxOpenMs !== 'function') check.milliseconds('maxOpenMs', options.maxOpenMs)
    check.milliseconds('probeTimeoutMs', options.probeTimeoutMs)
    if (options.slowCallMs !== false) check.milliseconds('slowCallMs', options.slowCallMs)
    if (options.name !== undefined && typeof options.name !== 'string') {
      check.add('name', `must be a string, not ${show(options.name)}`)
    }
    check.function('classify', options.classify)
    check.function('random', options.random)
    const { openMs, maxOpenMs } = options
    if (openMs !== undefined && typeof maxOpenMs === 'number' && openMs > maxOpenMs) {
      check.add('openMs', `is above maxOpenMs (${openMs} > ${maxOpenMs})`)
    }
  }
  check.done()
  return new CircuitBreakerPolicy(options)
}
