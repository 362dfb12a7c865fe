import type { HedgeSettings, RetrySettings } from '../../contract/index.js'
import type { OptionCheck } from '../../foundation/config/index.js'
import type { Priority } from '../../foundation/priority/index.js'
import { clientDefaults } from '../options/client-options.js'
import { checkTelemetry } from '../options/client-telemetry-options.js'
import type { Propagation } from '../options/propagation.js'
import type { ProtectionOptions } from '../options/protection-options.js'
import type { SharedPolicyOptions } from '../slots/policy-slots.js'
import { checkPolicies } from '../slots/shared-policies.js'
import { checkCallPolicy } from './check-call-policy.js'

/** `ProtectionOptions` with nothing left open. */
export interface Protection {
  readonly timeoutMs: number | false
  readonly attemptTimeoutMs: number | false
  /** `Infinity` for no limit. */
  readonly idleTimeoutMs: number
  readonly retry: false | RetrySettings
  readonly hedge: false | HedgeSettings
  readonly priority: Priority | undefined
  readonly random: (() => number) | undefined
  readonly propagate: Propagation | undefined
  readonly shared: SharedPolicyOptions
}

/** Checks the options and fills in what is missing. */
export function resolveProtection(check: OptionCheck, options: ProtectionOptions): Protection {
  checkCallPolicy(check, '', options)
  check.function('random', options.random)
  check.boolean('shadow', options.shadow)
  checkPolicies(check, options)
  checkTelemetry(check, options)
  const { timeoutMs, attemptTimeoutMs, retry, hedge = false, priority, random, propagate } = options
  const attempt = attemptTimeoutMs ?? clientDefaults.attemptTimeoutMs
  const idle = options.idleTimeoutMs ?? attempt
  return {
    timeoutMs: timeoutMs ?? clientDefaults.timeoutMs,
    attemptTimeoutMs: attempt,
    idleTimeoutMs: idle === false ? Number.POSITIVE_INFINITY : idle,
    retry: retry === false ? false : { ...clientDefaults.retry, ...retry },
    hedge: hedge === true ? {} : hedge,
    priority,
    random,
    propagate,
    shared: options,
  }
}
