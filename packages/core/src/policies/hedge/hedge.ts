import type { Execution, Step } from '../kernel/index.js'
import { BasePolicy, type Policy } from '../kernel/index.js'
import type { RetryBudget } from '../retry/index.js'
import { HedgedCall, type HedgeSkip } from './hedged-call.js'
import { LatencyQuantile } from './latency-quantile.js'
import { type HedgeOptions, type ResolvedHedge, resolveHedgeOptions } from './options.js'

/** The events of a hedge. */
export interface HedgeEvents {
  /** A second leg is about to be sent, `delayMs` after the first. */
  hedge: { readonly delayMs: number; readonly execution: Execution }
  /** The first leg was slow and has no second: over the ratio or the budget, or refused by another policy. */
  skip: { readonly reason: HedgeSkip; readonly execution: Execution }
}

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

  constructor(options: ResolvedHedge, previous?: HedgePolicy) {
    super()
    const { delayMs, quantile, minSamples } = options
    this.#delayMs = delayMs
    if (delayMs === undefined) {
      this.#latencies =
        (previous === undefined ? undefined : previous.#latencies) ??
        new LatencyQuantile(quantile, minSamples)
      this.#latencies.retune(quantile, minSamples)
    }
    if (previous !== undefined) this.#earned = previous.#earned
    this.#maxRatio = options.maxRatio
    this.#budget = options.budget
    this.#when = options.when
  }

  link<Data>(next: Step<Data>): Step<Data> {
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

  async #observe<Data>(next: Step<Data>, execution: Execution<Data>): Promise<unknown> {
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
  return new HedgePolicy(resolveHedgeOptions(options))
}

/**
 * A hedge by other options that knows what `previous` has observed.
 * @throws {ConfigInvalidError} `CONFIG_INVALID` as `hedge`.
 */
export function hedgeAfter(
  previous: Policy<HedgeEvents> | undefined,
  options: HedgeOptions,
): Policy<HedgeEvents> {
  return new HedgePolicy(resolveHedgeOptions(options), previous instanceof HedgePolicy ? previous : undefined)
}
