import { checkAll, checkByRules, type OptionRules, optionRule } from '../../foundation/config/index.js'

/** Options of `timeout`. */
export interface TimeoutOptions {
  /** How long the protected call may take, in milliseconds. */
  readonly timeoutMs: number
  /**
   * What runs out: the whole call, which fails with `DEADLINE_EXCEEDED`, or one attempt below a retry, which fails
   * with `ATTEMPT_TIMEOUT` and may be retried.
   * @default 'total'
   */
  readonly scope?: 'total' | 'attempt'
}

/** The defaults of `timeout`. */
export const timeoutDefaults = Object.freeze({ scope: 'total' } as const)

const rules: OptionRules<TimeoutOptions> = {
  timeoutMs: optionRule.required('give a number of milliseconds', optionRule.milliseconds()),
  scope: optionRule.oneOf(['total', 'attempt']),
}

/**
 * Checks the options of a timeout and fills them in.
 * @throws {ConfigInvalidError} `CONFIG_INVALID` when one is missing or out of range.
 */
export function resolveTimeoutOptions(
  options: TimeoutOptions,
  subject = 'timeout()',
): Required<TimeoutOptions> {
  checkAll(subject, (check) => checkByRules(check, '', options, rules))
  return { timeoutMs: options.timeoutMs, scope: options.scope ?? timeoutDefaults.scope }
}
