import { checkAll, checkByRules, type OptionRules, optionRule } from '../../foundation/config/index.js'

/** Options of `bulkhead`. */
export interface BulkheadOptions {
  /**
   * How many calls may run at once.
   * @default 200
   */
  readonly maxConcurrent?: number
  /**
   * How many calls may wait for a permit; 0 refuses at once.
   * @default 1000
   */
  readonly maxQueue?: number
  /**
   * How long a call may wait, in milliseconds; `false` for as long as its deadline allows.
   * @default false
   */
  readonly queueTimeoutMs?: number | false
  /**
   * Only reports whom it would have refused or made to wait, and lets every call through at once.
   * @default false
   */
  readonly shadow?: boolean
}

/** The defaults of `bulkhead`. */
export const bulkheadDefaults = Object.freeze({
  maxConcurrent: 200,
  maxQueue: 1000,
  queueTimeoutMs: false,
  shadow: false,
} as const)

const rules: OptionRules<BulkheadOptions> = {
  maxConcurrent: optionRule.number({ min: 1, integer: true }),
  maxQueue: optionRule.number({ min: 0, integer: true }),
  queueTimeoutMs: optionRule.orFalse(optionRule.milliseconds()),
  shadow: optionRule.boolean(),
}

/**
 * Checks the options of a bulkhead and fills them in.
 * @throws {ConfigInvalidError} `CONFIG_INVALID` when one is out of range.
 */
export function resolveBulkhead(options: BulkheadOptions, subject = 'bulkhead()'): Required<BulkheadOptions> {
  checkAll(subject, (check) => checkByRules(check, '', options ?? null, rules))
  return {
    maxConcurrent: options.maxConcurrent ?? bulkheadDefaults.maxConcurrent,
    maxQueue: options.maxQueue ?? bulkheadDefaults.maxQueue,
    queueTimeoutMs: options.queueTimeoutMs ?? bulkheadDefaults.queueTimeoutMs,
    shadow: options.shadow ?? bulkheadDefaults.shadow,
  }
}
