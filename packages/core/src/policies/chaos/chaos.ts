import { chaosHeader, HttpError } from '../../foundation/errors/index.js'
import type { Execution, ExecutionContext, Step } from '../kernel/index.js'
import { BasePolicy, type Policy, type Random, seededRandom } from '../kernel/index.js'
import { type ChaosError, type ChaosInjection, type ChaosKind, injectionOf } from './chaos-faults.js'
import { injectFault } from './inject-fault.js'
import { type ChaosOptions, type ResolvedChaos, resolveChaosOptions } from './options.js'

/** The events of `chaos`. */
export interface ChaosEvents<Call = ExecutionContext> {
  /** Something is done to a call: it is held up for `latencyMs`, and fails unless `kind` is `'latency'`. */
  inject: {
    readonly kind: ChaosKind
    readonly latencyMs: number
    /** Of the kind `'status'`. */
    readonly status: number | undefined
    readonly call: Call
  }
  /** It has been switched on or off. */
  switch: { readonly isEnabled: boolean }
}

/** Injected faults. */
export interface Chaos<Call = ExecutionContext> extends Policy<ChaosEvents<Call>> {
  /** Whether it is on. Asks the function, where `enabled` is one. */
  readonly isEnabled: boolean
  /** Switches it on, whatever `enabled` says. */
  enable(): void
  /** Switches it off, whatever `enabled` says. */
  disable(): void
  /**
   * Draws what happens to a call; `undefined` for nothing. For those who inject it themselves, as clients and services
   * do; ask `isEnabled` first.
   */
  draw(call: Call): ChaosInjection | undefined
}

class ChaosPolicy<Call> extends BasePolicy<ChaosEvents<Call>> implements Chaos<Call> {
  readonly #rate: number
  readonly #errorRatio: number
  readonly #errors: readonly ChaosError<Call>[]
  readonly #latencyOf: (call: Call, random: number) => number
  readonly #when: ((call: Call) => boolean) | undefined
  readonly #random: Random
  #enabled: boolean | (() => boolean) = false
  #wasEnabled = false

  constructor({ latencyOf, errors, errorRatio, rate, when, seed, enabled }: ResolvedChaos<Call>) {
    super()
    this.#rate = rate
    this.#errorRatio = errorRatio
    this.#errors = errors
    this.#latencyOf = latencyOf
    this.#when = when
    this.#random = seed === undefined ? Math.random : seededRandom(seed)
    if (typeof enabled === 'function') this.#enabled = enabled
    else this.#set(enabled)
  }

  get isEnabled(): boolean {
    const enabled = this.#enabled
    if (typeof enabled === 'boolean') return enabled
    const isEnabled = enabled() === true
    this.#note(isEnabled)
    return isEnabled
  }

  enable(): void {
    this.#set(true)
  }

  disable(): void {
    this.#set(false)
  }

  draw(call: Call): ChaosInjection | undefined {
    if (this.#when !== undefined && !this.#when(call)) return undefined
    // Four numbers for every call, needed or not: the calls that are chosen stay the same when other options change.
    const chosen = this.#random()
    const late = this.#random()
    const fails = this.#random()
    const which = this.#random()
    if (chosen >= this.#rate) return undefined
    const error = fails < this.#errorRatio ? this.#errors[Math.floor(which * this.#errors.length)] : undefined
    const latencyMs = this.#latencyOf(call, late)
    if (error === undefined && latencyMs === 0) return undefined
    const injection = injectionOf(error, latencyMs, call)
    if (this.events.has('inject')) {
      const status = injection.answer?.status
      this.events.emit('inject', { kind: injection.kind, latencyMs, status, call })
    }
    return injection
  }

  link<Data>(next: Step<Data>): Step<Data> {
    return (execution) => {
      if (!this.isEnabled) return next(execution)
      // Nobody but clients and services gives it calls of another kind, and they do not link it.
      const injection = this.draw(execution as unknown as Call)
      return injection === undefined ? next(execution) : inject(injection, next, execution)
    }
  }

  #set(isEnabled: boolean): void {
    this.#enabled = isEnabled
    this.#note(isEnabled)
  }

  #note(isEnabled: boolean): void {
    if (isEnabled === this.#wasEnabled) return
    this.#wasEnabled = isEnabled
    if (isEnabled && process.env.NODE_ENV === 'production') {
      process.emitWarning(
        'chaos is on while NODE_ENV is production: calls fail on purpose',
        'HoldfastWarning',
      )
    }
    this.events.emit('switch', { isEnabled })
  }
}

async function inject<Data>(
  injection: ChaosInjection,
  next: Step<Data>,
  execution: Execution<Data>,
): Promise<unknown> {
  const answer = await injectFault(injection, execution)
  if (answer === undefined) return next(execution)
  const { status, retryAfterMs } = answer
  throw new HttpError(`status ${status} (injected by chaos)`, {
    status,
    headers: { [chaosHeader]: 'status' },
    body: undefined,
    declared: false,
    retryAfterMs,
  })
}

/**
 * Injects faults on purpose, to see what a service does about them: holds calls up, and fails them. Off unless
 * `enabled`. Put it innermost, where the real thing would fail: `compose(retry(), circuitBreaker(), chaos(...))`; a
 * client and a service take it as their option `chaos`. Its errors are marked with `injected: true`.
 *
 * @throws {ConfigInvalidError} `CONFIG_INVALID` when an option is not what it should be, or there is nothing to inject.
 * @example
 * ```ts
 * import { chaos, compose, retry } from '@holdfast/core'
 *
 * const faults = chaos({ rate: 0.2, latency: { minMs: 10, maxMs: 50 }, errors: ['reset', 503], seed: 1 })
 * const policy = compose(retry({ maxAttempts: 3 }), faults)
 * faults.enable()
 * console.log(await policy.execute(() => 'answered'))
 * faults.disable()
 * ```
 */
export function chaos<Call = ExecutionContext>(options: ChaosOptions<Call>): Chaos<Call> {
  return new ChaosPolicy(resolveChaosOptions(options))
}
