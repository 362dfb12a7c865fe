import { checkAll, checkByRules, type OptionRules, optionRule } from '../../foundation/config/index.js'

/** Options of `retryBudget`. */
export interface RetryBudgetOptions {
  /**
   * Retries earned by each success of a first attempt.
   * @default 0.1
   */
  readonly ratio?: number
  /**
   * How many retries can be saved up; the budget starts full.
   * @default 10
   */
  readonly maxTokens?: number
  /**
   * With an empty budget one retry is let through in this many milliseconds all the same, so that a client with
   * little traffic can recover; `false` for none.
   * @default 10000
   */
  readonly floorMs?: number | false
}

/** The defaults of `retryBudget`. */
export const retryBudgetDefaults = Object.freeze({ ratio: 0.1, maxTokens: 10, floorMs: 10_000 })

const rules: OptionRules<RetryBudgetOptions> = {
  ratio: optionRule.number({ min: 0, max: 1 }),
  maxTokens: optionRule.number({ min: 0 }),
  floorMs: optionRule.orFalse(optionRule.milliseconds()),
}

/**
 * Checks the options of a budget and fills them in.
 * @throws {ConfigInvalidError} `CONFIG_INVALID` when one is out of range.
 */
export function resolveRetryBudget(
  options: RetryBudgetOptions,
  subject = 'retryBudget()',
): Required<RetryBudgetOptions> {
  checkAll(subject, (check) => checkByRules(check, '', options ?? null, rules))
  return {
    ratio: options.ratio ?? retryBudgetDefaults.ratio,
    maxTokens: options.maxTokens ?? retryBudgetDefaults.maxTokens,
    floorMs: options.floorMs ?? retryBudgetDefaults.floorMs,
  }
}
