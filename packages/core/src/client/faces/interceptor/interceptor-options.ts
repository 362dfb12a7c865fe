import type { OptionCheck } from '../../../foundation/config/index.js'
import { type ProtectionOptions, protectionOptionNames } from '../../options/protection-options.js'
import { withoutUndefined } from '../../settings/resolve-options.js'
import { type Protection, resolveProtection } from '../../settings/resolve-protection.js'

/** Options of `undiciInterceptor`. */
export interface InterceptorOptions extends Omit<ProtectionOptions, 'timeoutMs'> {
  /**
   * The total time until the headers of the answer, in milliseconds: queueing, every attempt and backoff. `false` for
   * no limit. From then on `idleTimeoutMs` holds.
   * @default 10000
   */
  readonly timeoutMs?: number | false
}

/** Checks the options and fills in what is missing. */
export function resolveInterceptorOptions(
  check: OptionCheck,
  given: InterceptorOptions,
): { readonly options: InterceptorOptions; readonly protection: Protection } {
  const options = withoutUndefined(check, given, protectionOptionNames)
  return { options, protection: resolveProtection(check, options) }
}
