import type { HedgeSettings, RetrySettings } from '../../contract/index.js'
import type { OptionCheck } from '../../foundation/config/index.js'
import type { Priority } from '../../foundation/priority/index.js'
import { type Chaos, resolveChaos } from '../../policies/index.js'
import { type ClientTelemetryOptions, checkTelemetry } from '../call/client-telemetry-options.js'
import type { Propagation } from '../call/propagation.js'
import type { ChaosAttempt } from '../slots/chaos/client-chaos.js'
import type { SharedPolicyOptions } from '../slots/shared-policies.js'
import { checkCallPolicy } from './check-call-policy.js'
import { type CallPolicyOptions, type ClientOptions, clientDefaults } from './client-options.js'

/** How requests are protected where no contract describes them. Breaker, limit, budget and quota are kept for each origin. */
export interface ProtectionOptions
  extends Pick<CallPolicyOptions, 'attemptTimeoutMs' | 'retry' | 'hedge' | 'priority'>,
    ClientTelemetryOptions,
    Pick<
      ClientOptions,
      | 'adaptiveConcurrency'
      | 'retryBudget'
      | 'circuitBreaker'
      | 'bulkhead'
      | 'chaos'
      | 'rateLimit'
      | 'random'
      | 'shadow'
    > {
  /**
   * The total time of a call, in milliseconds: queueing, every attempt and backoff. `false` for no limit.
   * @default 10000
   */
  readonly timeoutMs?: number | false
  /**
   * How long the body of a response may stand still, in milliseconds, whoever holds it up. `false` for no limit.
   * @default the attempt timeout
   */
  readonly idleTimeoutMs?: number | false
}

/** One that is missing here does not compile. */
const protectionOptions = {
  adaptiveConcurrency: true,
  attemptTimeoutMs: true,
  bulkhead: true,
  chaos: true,
  circuitBreaker: true,
  hedge: true,
  idleTimeoutMs: true,
  priority: true,
  random: true,
  rateLimit: true,
  retry: true,
  retryBudget: true,
  shadow: true,
  timeoutMs: true,
  logger: true,
  metrics: true,
  propagate: true,
} satisfies Record<keyof ProtectionOptions, true>

/** The names of `ProtectionOptions`. */
export const protectionOptionNames = Object.keys(protectionOptions) as readonly (keyof ProtectionOptions)[]

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
  readonly chaos: Chaos<ChaosAttempt> | undefined
}

/** Checks the options and fills in what is missing; what the policies themselves check is left to them. */
export function resolveProtection(check: OptionCheck, options: ProtectionOptions): Protection {
  checkCallPolicy(check, '', options)
  check.function('random', options.random)
  check.boolean('shadow', options.shadow)
  checkTelemetry(check, options)
  const { timeoutMs, attemptTimeoutMs, retry, hedge = false, priority, random, propagate } = options
  const attempt = attemptTimeoutMs ?? clientDefaults.attemptTimeoutMs
  const idle = options.idleTimeoutMs ?? attempt
  const { adaptiveConcurrency, bulkhead, circuitBreaker, rateLimit, retryBudget, shadow } = options
  return {
    timeoutMs: timeoutMs ?? clientDefaults.timeoutMs,
    attemptTimeoutMs: attempt,
    idleTimeoutMs: idle === false ? Number.POSITIVE_INFINITY : idle,
    retry: retry === false ? false : { ...clientDefaults.retry, ...retry },
    hedge: hedge === true ? {} : hedge,
    priority,
    random,
    propagate,
    chaos: resolveChaos(check, options.chaos),
    shared: {
      ...(adaptiveConcurrency !== undefined && { adaptiveConcurrency }),
      ...(bulkhead !== undefined && { bulkhead }),
      ...(circuitBreaker !== undefined && { circuitBreaker }),
      ...(rateLimit !== undefined && { rateLimit }),
      ...(retryBudget !== undefined && { retryBudget }),
      ...(shadow !== undefined && { shadow }),
    },
  }
}
