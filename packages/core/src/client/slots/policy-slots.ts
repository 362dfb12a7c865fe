import { adaptiveConcurrencySlot, type WithAdaptiveConcurrency } from './adaptive-concurrency.js'
import { bulkheadSlot, type WithBulkhead } from './bulkhead.js'
import { chaosSlot, type WithChaos } from './chaos.js'
import { circuitBreakerSlot, type WithCircuitBreaker } from './circuit-breaker.js'
import { hedgeSlot, type WithHedge } from './hedge.js'
import type { KeptSlot, PolicySlot, WithCommon } from './policy-slot.js'
import { rateLimitSlot, type WithRateLimit } from './rate-limit.js'
import { retrySlot, type WithRetry } from './retry.js'
import { retryBudgetSlot, type WithRetryBudget } from './retry-budget.js'

/** The options of those policies that clients have one of for all operations. */
export interface SharedPolicyOptions
  extends WithCommon,
    WithChaos,
    WithCircuitBreaker,
    WithAdaptiveConcurrency,
    WithBulkhead,
    WithRateLimit,
    WithRetryBudget {}

/** The options of those that an operation may say for itself. */
export interface OperationPolicyOptions extends WithRetry, WithHedge {}

/** A policy that can be in shadow, by its option. */
export type ShadowedPolicy = 'circuitBreaker' | 'adaptiveConcurrency' | 'bulkhead' | 'rateLimit'

/** The options of policies that cannot change at run time. */
export type FixedPolicy = 'chaos'

/** The options of policies. */
export type PolicyName = Exclude<keyof SharedPolicyOptions | keyof OperationPolicyOptions, keyof WithCommon>

type SlotOf<Name> = { readonly name: Name } & {
  readonly lifetime: Name extends FixedPolicy ? 'fixed' : 'changeable'
} & (Name extends ShadowedPolicy ? { readonly canShadow: true } : { readonly canShadow?: never })

/** All policies that clients know, innermost first. One that is missing here does not compile. */
const slots = {
  chaos: chaosSlot,
  circuitBreaker: circuitBreakerSlot,
  adaptiveConcurrency: adaptiveConcurrencySlot,
  bulkhead: bulkheadSlot,
  hedge: hedgeSlot,
  retry: retrySlot,
  rateLimit: rateLimitSlot,
  retryBudget: retryBudgetSlot,
} as const satisfies { readonly [Name in PolicyName]: SlotOf<Name> }

type Slots = typeof slots
type Slot = PolicySlot<SharedPolicyOptions & OperationPolicyOptions>
type Kept = KeptSlot<SharedPolicyOptions, object, object> & { readonly name: PolicyName }

/** All policies that clients know, innermost first. */
export const policySlots: readonly Slot[] = Object.values(slots)

/** Those of which a client keeps one. */
export const keptSlots = policySlots.filter((slot): slot is Kept => 'make' in slot)

/** Those of which there is one for all endpoints. */
export const dependencySlots = keptSlots.filter(({ per }) => per === 'dependency')

type NamesPer<Place> = {
  [Name in PolicyName]: Slots[Name] extends { readonly per: Place } ? Name : never
}[PolicyName]

type MadeOf<Name extends PolicyName> = Slots[Name] extends { make(options: never): infer Made } ? Made : never

/** The policies that all endpoints of a dependency share, by the names of their options; `undefined` for none. */
export type DependencyPolicies = {
  readonly [Name in NamesPer<'dependency'>]: MadeOf<Name> | undefined
}

/** The policies of a dependency with one endpoint, by the names of their options; `undefined` for none. */
export type EndpointPolicies = DependencyPolicies & {
  readonly [Name in NamesPer<'endpoint'>]: MadeOf<Name> | undefined
}
