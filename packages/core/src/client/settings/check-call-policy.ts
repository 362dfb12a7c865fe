import { checkOperationPolicy, type Operation } from '../../contract/index.js'
import type { OptionCheck } from '../../foundation/config/index.js'
import type { CallPolicyOptions } from '../options/client-options.js'
import { checkReads } from './check-reads.js'

/** One that is missing here does not compile. */
const callOptions = {
  timeoutMs: true,
  attemptTimeoutMs: true,
  idleTimeoutMs: true,
  retry: true,
  hedge: true,
  fallback: true,
  cache: true,
  coalesce: true,
  priority: true,
} satisfies Record<keyof CallPolicyOptions, true>

const names = Object.keys(callOptions)

/** Checks the policy options at `path`; `operation` where they are those of one operation. */
export function checkCallPolicy(
  check: OptionCheck,
  path: string,
  options: CallPolicyOptions | undefined,
  operation?: Operation,
): void {
  const at = (name: string) => (path === '' ? name : `${path}.${name}`)
  if (options === undefined || (path !== '' && !check.object(path, options, names))) return
  const { cache, coalesce, fallback, idleTimeoutMs, ...policy } = options
  checkOperationPolicy(check, at, policy, operation)
  if (idleTimeoutMs !== false) check.milliseconds(at('idleTimeoutMs'), idleTimeoutMs)
  if (fallback !== false) check.function(at('fallback'), fallback)
  checkReads(check, at, { cache, coalesce }, operation)
}
