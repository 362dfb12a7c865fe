import {
  type OperationPolicyOptions,
  type PolicyName,
  policySlots,
  type SharedPolicyOptions,
} from '../slots/policy-slots.js'
import type { CallPolicyOptions } from './client-options.js'
import type { ClientTelemetryOptions } from './client-telemetry-options.js'

/** How requests are protected where no contract describes them. Breaker, limit, budget and quota are kept for each origin. */
export interface ProtectionOptions
  extends Pick<CallPolicyOptions, 'attemptTimeoutMs' | 'priority'>,
    OperationPolicyOptions,
    SharedPolicyOptions,
    ClientTelemetryOptions {
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

/** Those that are no policies. One that is missing here does not compile. */
const protectionOptions = {
  attemptTimeoutMs: true,
  idleTimeoutMs: true,
  priority: true,
  random: true,
  shadow: true,
  timeoutMs: true,
  logger: true,
  metrics: true,
  propagate: true,
} satisfies Record<Exclude<keyof ProtectionOptions, PolicyName>, true>

/** The names of `ProtectionOptions`. */
export const protectionOptionNames = [
  ...Object.keys(protectionOptions),
  ...policySlots.map(({ name }) => name),
].sort() as readonly (keyof ProtectionOptions)[]
