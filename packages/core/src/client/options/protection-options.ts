import type { CallPolicyOptions, ClientOptions } from './client-options.js'
import type { ClientTelemetryOptions } from './client-telemetry-options.js'

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
