import { checkAll, checkByRules, type OptionRules, optionRule } from '../../foundation/config/index.js'
import { guarded } from '../../foundation/events/index.js'
import type { Execution, ExecutionContext } from '../kernel/index.js'

/** Makes the answer that stands in for a failed call. */
export type FallbackFunction = (error: unknown, context: ExecutionContext) => unknown

/** Options of `fallback`. */
export interface FallbackOptions {
  /**
   * Whether a failure gets the fallback. By default every failure does, except the caller's abort (`ABORTED`),
   * any other end of the time around this policy, and mistakes in the calling code (`INVALID_INPUT`,
   * `CONFIG_INVALID`).
   */
  readonly when?: (error: unknown, execution: Execution) => boolean
}

/** The options of a fallback, filled in; functions of the user are guarded. */
export interface ResolvedFallback {
  /** `undefined` where the errors themselves say whether they get the fallback. */
  readonly when: FallbackOptions['when'] | undefined
}

const rules: OptionRules<FallbackOptions> = { when: optionRule.function() }

/**
 * Checks the options of a fallback and fills them in.
 * @throws {ConfigInvalidError} `CONFIG_INVALID` when one is not what it should be.
 */
export function resolveFallbackOptions(options: FallbackOptions, subject = 'fallback()'): ResolvedFallback {
  checkAll(subject, (check) => checkByRules(check, '', options, rules))
  const { when } = options
  return { when: when === undefined ? undefined : guarded('when of fallback()', when, () => false) }
}
