import {
  checkAll,
  checkByRules,
  type OptionCheck,
  type OptionRules,
  optionPath,
  optionRule,
} from '../../foundation/config/index.js'
import { guarded } from '../../foundation/events/index.js'
import type { Execution } from '../kernel/index.js'
import { budgetRule, type RetryBudget } from '../retry/index.js'

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

/** The options of a hedge, filled in; functions of the user are guarded. */
export interface ResolvedHedge extends Required<Pick<HedgeOptions, 'quantile' | 'minSamples' | 'maxRatio'>> {
  /** `undefined` where the delay is observed. */
  readonly delayMs: number | undefined
  readonly budget: RetryBudget | undefined
  /** `undefined` where every call may be sent twice. */
  readonly when: ((execution: Execution) => boolean) | undefined
}

/** The defaults of `hedge`. */
export const hedgeDefaults = Object.freeze({ quantile: 0.97, minSamples: 100, maxRatio: 0.05 })

/** How the delay is checked, wherever it can be given. */
export const hedgeDelayRules: OptionRules<Pick<HedgeOptions, 'delayMs' | 'quantile'>> = {
  delayMs: optionRule.milliseconds(),
  quantile: optionRule.number({ min: 0.5, max: 0.9999 }),
}

const rules: OptionRules<HedgeOptions> = {
  ...hedgeDelayRules,
  minSamples: optionRule.number({ min: 1, integer: true }),
  maxRatio: optionRule.number({ min: 0, max: 1, exclusive: true }),
  budget: budgetRule,
  when: optionRule.function(),
}

/** Tells `check` where a fixed delay at `path` contradicts what would observe it. */
export function checkHedgeDelay(
  check: OptionCheck,
  path: string,
  { delayMs, quantile, minSamples }: Pick<HedgeOptions, 'delayMs' | 'quantile' | 'minSamples'>,
): void {
  if (delayMs === undefined) return
  const observed = { quantile, minSamples }
  for (const name of ['quantile', 'minSamples'] as const) {
    if (observed[name] === undefined) continue
    const both = `contradicts ${optionPath(path, name)}: the delay is either fixed or observed`
    check.add(optionPath(path, 'delayMs'), `${both}; give one of them`)
  }
}

/**
 * Checks the options of a hedge and fills them in.
 * @throws {ConfigInvalidError} `CONFIG_INVALID` when one is out of range, or `delayMs` comes with `quantile` or
 * `minSamples`.
 */
export function resolveHedgeOptions(options: HedgeOptions, subject = 'hedge()'): ResolvedHedge {
  checkAll(subject, (check) => {
    checkByRules(check, '', options, rules)
    checkHedgeDelay(check, '', Object(options))
  })
  const { delayMs, budget, when } = options
  return {
    delayMs,
    quantile: options.quantile ?? hedgeDefaults.quantile,
    minSamples: options.minSamples ?? hedgeDefaults.minSamples,
    maxRatio: options.maxRatio ?? hedgeDefaults.maxRatio,
    budget: budget === false ? undefined : budget,
    when: when === undefined ? undefined : guarded('when of hedge()', when, () => false),
  }
}
