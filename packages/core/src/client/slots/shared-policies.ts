import type { OptionCheck } from '../../foundation/config/index.js'
import type { Step } from '../../policies/index.js'
import type { ForwardTarget, LinkContext, Permits, RepeatableCall } from './policy-slot.js'
import {
  type DependencyPolicies,
  dependencySlots,
  type EndpointPolicies,
  keptSlots,
  policySlots,
  type ShadowedPolicy,
  type SharedPolicyOptions,
} from './policy-slots.js'

const unboundedConnections = 1_000_000

/** Tells `check` what is wrong with the options of the policies, and makes none. */
export function checkPolicies(check: OptionCheck, given: SharedPolicyOptions): void {
  for (const slot of policySlots) slot.check?.(check, given)
}

/** Makes the policies that all endpoints of a dependency share, by options that have been checked. */
export function makeDependencyPolicies(given: SharedPolicyOptions): DependencyPolicies {
  return makeAll(dependencySlots, given) as DependencyPolicies
}

/** Makes the policies of a dependency with one endpoint, by options that have been checked. */
export function makeEndpointPolicies(given: SharedPolicyOptions): EndpointPolicies {
  return makeAll(keptSlots, given) as EndpointPolicies
}

function makeAll(slots: typeof keptSlots, given: SharedPolicyOptions): object {
  const made = slots.map((slot) => {
    const options = slot.optionsOf(given)
    if (options === false) return [slot.name, undefined]
    return [slot.name, slot.isMade?.(options) ? options : slot.make(options)]
  })
  return Object.fromEntries(made)
}

/** Reports what policies do through the events of the client. */
export function forwardPolicies(policies: Partial<EndpointPolicies>, to: ForwardTarget): void {
  for (const { forward, name } of keptSlots) {
    const made = policies[name as keyof EndpointPolicies]
    if (made !== undefined) forward?.(made, to)
  }
}

/** Stops the timers of policies. */
export function closePolicies(policies: Partial<EndpointPolicies>): void {
  for (const { close, name } of keptSlots) {
    const made = policies[name as keyof EndpointPolicies]
    if (made !== undefined) close?.(made)
  }
}

/** Puts the policies in front of the attempt, which asks some of them itself. */
export function linkPolicies<Call extends RepeatableCall>(
  attempt: Step<Call>,
  context: LinkContext,
): Step<Call> {
  return policySlots.reduce((next, slot) => slot.link?.(next, context) ?? next, attempt)
}

/** How many attempts may be in flight, and how many are. */
export function permitsOf(policies: DependencyPolicies): Permits {
  for (const { name, permits } of dependencySlots) {
    const made = policies[name as keyof DependencyPolicies]
    if (made !== undefined && permits !== undefined) return permits(made)
  }
  return { limit: undefined, inFlight: 0, queued: 0 }
}

/**
 * How many connections to one endpoint are worth having: as many as there can be permits; `undefined` without a limit.
 * One in shadow has nobody wait, so that nobody may have to wait for a socket.
 */
export function connectionsFor(given: SharedPolicyOptions): number | undefined {
  for (const { maxPermits, optionsOf } of dependencySlots) {
    const options = maxPermits === undefined ? false : optionsOf(given)
    if (options === false) continue
    return isShadowing(options) ? unboundedConnections : maxPermits?.(options)
  }
  return undefined
}

/** Which policies only report what they would have done. */
export function shadowedOf(given: SharedPolicyOptions): ShadowedPolicy[] {
  const shadowed = keptSlots.filter(({ canShadow, optionsOf }) => canShadow && isShadowing(optionsOf(given)))
  return shadowed.map(({ name }) => name as ShadowedPolicy)
}

const isShadowing = (options: object | false): boolean =>
  (options as { readonly shadow?: boolean }).shadow === true
