import {
  checkAll,
  checkByRules,
  type OptionCheck,
  type OptionRule,
  type OptionRules,
  optionPath,
  optionRule,
} from '../../foundation/config/index.js'
import { guarded, guardedRandom } from '../../foundation/events/index.js'
import type { Execution } from '../kernel/index.js'
import { type RetryBudget, retryBudget } from './retry-budget.js'
import { askedFor, isWorthRetrying } from './worth-retrying.js'

/** Options of `retry`. */
export interface RetryOptions {
  /**
   * Attempts in all, the first included.
   * @default 3
   */
  readonly maxAttempts?: number
  /**
   * The longest wait before the second attempt, in milliseconds; it doubles with every attempt. The wait itself is
   * drawn evenly between 0 and that ("full jitter").
   * @default 50
   */
  readonly baseMs?: number
  /**
   * The longest wait, in milliseconds.
   * @default 2000
   */
  readonly maxMs?: number
  /**
   * Whether a failure is worth another attempt. By default Holdfast's errors say so themselves (`retryable`), a
   * refusal by another policy and a programming error (`TypeError` without a cause) are final, and the rest is
   * retried.
   */
  readonly when?: (error: unknown, execution: Execution) => boolean
  /** The shortest wait that the dependency asks for, in milliseconds. By default that of an `HttpError`. */
  readonly retryAfterMs?: (error: unknown) => number | undefined
  /** Whether a failed first attempt still earns budget, because the dependency did answer. By default none does. */
  readonly earns?: (error: unknown, execution: Execution) => boolean
  /**
   * What pays for retries; `false` for no bound.
   * @default a budget of its own
   */
  readonly budget?: RetryBudget | false
  /**
   * Source of chance, from 0 to below 1.
   * @default Math.random
   */
  readonly random?: () => number
}

/** The options of a retry, filled in; functions of the user are guarded. */
export interface ResolvedRetry extends Required<Omit<RetryOptions, 'budget'>> {
  /** `undefined` for no bound. */
  readonly budget: RetryBudget | undefined
}

/** The defaults of `retry`. */
export const retryDefaults = Object.freeze({ maxAttempts: 3, baseMs: 50, maxMs: 2_000 })

/** How the option `budget` is checked, wherever there is one. */
export const budgetRule: OptionRule = (check, path, value) =>
  value === undefined ||
  value === false ||
  typeof (value as Partial<RetryBudget> | null)?.tryWithdraw === 'function' ||
  check.add(path, 'must be what retryBudget() returns, or false')

/** How attempts and waits are checked, wherever they can be given. */
export const backoffRules: OptionRules<Pick<RetryOptions, 'maxAttempts' | 'baseMs' | 'maxMs'>> = {
  maxAttempts: optionRule.number({ min: 1, max: 100, integer: true }),
  baseMs: optionRule.milliseconds({ exclusive: false }),
  maxMs: optionRule.milliseconds({ exclusive: false }),
}

const rules: OptionRules<RetryOptions> = {
  ...backoffRules,
  when: optionRule.function(),
  retryAfterMs: optionRule.function(),
  earns: optionRule.function(),
  budget: budgetRule,
  random: optionRule.function(),
}

/** Tells `check` where the waits at `path` contradict each other. */
export function checkBackoffOrder(
  check: OptionCheck,
  path: string,
  { baseMs, maxMs }: Pick<RetryOptions, 'baseMs' | 'maxMs'>,
): void {
  if (typeof baseMs !== 'number' || typeof maxMs !== 'number' || baseMs <= maxMs) return
  const above = `is above ${optionPath(path, 'maxMs')} (${baseMs} > ${maxMs})`
  check.add(optionPath(path, 'baseMs'), `${above}; the first wait cannot be longer than the longest`)
}

/**
 * Checks the options of a retry and fills them in.
 * @throws {ConfigInvalidError} `CONFIG_INVALID` when one is out of range, or two contradict each other.
 */
export function resolveRetryOptions(options: RetryOptions, subject = 'retry()'): ResolvedRetry {
  checkAll(subject, (check) => {
    checkByRules(check, '', options, rules)
    checkBackoffOrder(check, '', Object(options))
  })
  const { when, retryAfterMs, earns } = options
  return {
    maxAttempts: options.maxAttempts ?? retryDefaults.maxAttempts,
    baseMs: options.baseMs ?? retryDefaults.baseMs,
    maxMs: options.maxMs ?? retryDefaults.maxMs,
    when: when === undefined ? isWorthRetrying : guarded('when of retry()', when, never),
    retryAfterMs:
      retryAfterMs === undefined ? askedFor : guarded('retryAfterMs of retry()', retryAfterMs, askedFor),
    earns: earns === undefined ? never : guarded('earns of retry()', earns, never),
    budget: options.budget === false ? undefined : (options.budget ?? retryBudget()),
    random: guardedRandom(options.random ?? Math.random),
  }
}

const never = (): boolean => false
