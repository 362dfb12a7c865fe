import { OptionCheck } from '../../foundation/config/index.js'
import { guarded } from '../../foundation/events/index.js'
import type { Execution, Step } from '../kernel/index.js'
import { BasePolicy, type Policy } from '../kernel/index.js'
import type { RetryBudget } from '../retry/index.js'
import { HedgedCall, type HedgeSkip } from './hedged-call.js'
import { LatencyQuantile } from './latency-quantile.js'

/** Options of `hedge`. */
export interface HedgeOptions {
  /** When the second leg is sent, in milliseconds after the first. Instead of `quantile`. */
  readonly delayMs?: number
  /**
   * Sends the second leg when the first has taken longer than this share of recent calls.
   * @default 0.97
   */
  readonly quantile?: number
  /**
   * Calls that must have been seen before a quantile of them counts; until then nothing is hedged.
   * @default 100
   */
  readonly minSamples?: number
  /**
   * The largest share of calls that is hedged. What a calm period leaves over is saved up, ten hedges at most.
   * @default 0.05
   */
  readonly maxRatio?: number
  /**
   * What pays for hedges besides: the budget of the `retry` around, which is also what fills it.
   * @default false
   */
  readonly budget?: RetryBudget | false
  /** Whether a call may be sent twice. By default every call may: protect only what is safe to repeat. */
  readonly when?: (execution: Execution) => boolean
}

/** The events of a hedge. */
export interface HedgeEvents {
  /** A second leg is about to be sent, `delayMs` after the first. */
  hedge: { readonly delayMs: number; readonly execution: Execution }
  /** The first leg was slow and has no second: over the ratio or the budget, or refused by another policy. */
  skip: { readonly reason: HedgeSkip; readonly execution: Execution }
}

const hedgeDefaults = Object.freeze({ quantile: 0.97, minSamples: 100, maxRatio: 0.05 })
const maxSavedHedges = 10
/** Twentieths add up to slightly less than one in binary. */
const epsilon = 1e-9

class HedgePolicy extends BasePolicy<HedgeEvents> {
  readonly #delayMs: number | undefined
  readonly #latencies: LatencyQuantile | undefined = undefined
  readonly #maxRatio: number
  readonly #budget: RetryBudget | undefined
  readonly #when: ((execution: Execution) => boolean) | undefined
  /** Hedges that the calls so far have earned. */
  #earned = 1

  constructor(options: HedgeOptions, previous?: HedgePolicy) {
    super()
    const { quantile, minSamples, maxRatio } = { ...hedgeDefaults, ...options }
    this.#delayMs = options.delayMs
    if (options.delayMs === undefined) {
      this.#latencies =
        (previous === undefined ? undefined : previous.#latencies) ??
        new LatencyQuantile(quantile, minSamples)
      this.#latencies.retune(quantile, minSamples)
    }
    if (previous !== undefined) this.#earned = previous.#earned
    this.#maxRatio = maxRatio
    this.#budget = options.budget === false ? undefined : options.budget
    const { when } = options
    this.#when = when === undefined ? undefined : guarded('when of hedge()', when, () => false)
  }

  link(next: Step): Step {
    return (execution) => {
      if (execution.attempt > 1 || execution.hedged || this.#when?.(execution) === false)
        return next(execution)
      this.#earned = Math.min(maxSavedHedges, this.#earned + this.#maxRatio)
      const delayMs = this.#delayMs ?? this.#observedDelay()
      if (delayMs === undefined || delayMs >= execution.remainingMs()) return this.#observe(next, execution)
      return new HedgedCall(next, execution, delayMs, {
        tryStart: () => this.#tryStart(delayMs, execution),
        refused: () => this.#refused(execution),
        observe: (latencyMs) => this.#latencies?.record(latencyMs),
      }).run()
    }
  }

  /** The next whole millisecond: a timer cuts off fractions, and as slow as most others is not slow. */
  #observedDelay(): number | undefined {
    const latencyMs = this.#latencies?.value
    return latencyMs === undefined ? undefined : Math.floor(latencyMs) + 1
  }

  async #observe(next: Step, execution: Execution): Promise<unknown> {
    if (this.#latencies === undefined) return next(execution)
    const startedAt = performance.now()
    const value = await next(execution)
    this.#latencies.record(performance.now() - startedAt)
    return value
  }

  #tryStart(delayMs: number, execution: Execution): boolean {
    if (this.#earned + epsilon < 1) return this.#skip('ratio', execution)
    if (this.#budget !== undefined && !this.#budget.tryWithdraw()) return this.#skip('budget', execution)
    this.#earned = Math.max(0, this.#earned - 1)
    if (this.events.has('hedge')) this.events.emit('hedge', { delayMs, execution })
    return true
  }

  #refused(execution: Execution): void {
    this.#earned = Math.min(maxSavedHedges, this.#earned + 1)
    this.#budget?.refund()
    this.#skip('refused', execution)
  }

  #skip(reason: HedgeSkip, execution: Execution): false {
    if (this.events.has('skip')) this.events.emit('skip', { reason, execution })
    return false
  }
}

/**
 * Sends a call that is slow a second time, takes the answer that comes first and aborts the other. It cuts the
 * tail of the latencies at the price of a few more calls; it does nothing for a dependency that is slow throughout,
 * where the ratio bounds it. Only a first attempt is hedged, and one that fails early is left to `retry`.
 *
 * Jeffrey Dean and Luiz André Barroso, "The Tail at Scale", Communications of the ACM 56 (2), 2013.
 *
 * @throws {ConfigInvalidError} `CONFIG_INVALID` when an option is out of range, or `delayMs` comes with `quantile`
 * or `minSamples`.
 * @example
 * ```ts
 * import { hedge } from '@holdfast/core'
 *
 * let legs = 0
 * const policy = hedge({ delayMs: 10 })
 * const answer = await policy.execute(() => (++legs === 1 ? new Promise<string>(() => {}) : 'the second leg'))
 * console.log(answer) // the second leg
 * ```
 */
export function hedge(options: HedgeOptions = {}): Policy<HedgeEvents> {
  return new HedgePolicy(checkHedge(options))
}

/**
 * A hedge by other options that knows what `previous` has observed.
 * @throws {ConfigInvalidError} `CONFIG_INVALID` as `hedge`.
 */
export function hedgeAfter(
  previous: Policy<HedgeEvents> | undefined,
  options: HedgeOptions,
): Policy<HedgeEvents> {
  return new HedgePolicy(checkHedge(options), previous instanceof HedgePolicy ? previous : undefined)
}

function checkHedge(options: HedgeOptions): HedgeOptions {
  const check = new OptionCheck('hedge()')
  if (check.object('', options, ['delayMs', 'quantile', 'minSamples', 'maxRatio', 'budget', 'when'])) {
    const { delayMs, quantile, minSamples, maxRatio, budget, when } = options
    check.milliseconds('delayMs', delayMs)
    check.number('quantile', quantile, { min: 0.5, max: 0.9999 })
    check.number('minSamples', minSamples, { min: 1, integer: true })
    check.number('maxRatio', maxRatio, { min: 0, max: 1, exclusive: true })
    check.function('when', when)
    if (budget !== undefined && budget !== false && typeof budget?.tryWithdraw !== 'function') {
      check.add('budget', 'must be what retryBudget() returns, or false')
    }
    if (delayMs !== undefined && quantile !== undefined) {
      check.add('delayMs', 'contradicts quantile: the delay is either fixed or observed; give one of them')
    }
    if (delayMs !== undefined && minSamples !== undefined) {
      check.add('delayMs', 'contradicts minSamples: a fixed delay is not observed; give one of them')
    }
  }
  check.done()
  return options
}
