import type { EndpointGuard, EndpointState } from './endpoint-state.js'

/**
 * Divides endpoints into those that are chosen alike, in the order in which they are: by priority, as RFC 2782 has it,
 * and behind all of them the spares, whose weight is 0.
 */
export function tiersOf<Guard extends EndpointGuard>(
  endpoints: readonly EndpointState<Guard>[],
): readonly (readonly EndpointState<Guard>[])[] {
  const tiers = new Map<number, EndpointState<Guard>[]>()
  const hasWeights = endpoints.some(({ endpoint }) => endpoint.weight > 0)
  for (const state of endpoints) {
    const { weight, priority } = state.endpoint
    const rank = hasWeights && weight === 0 ? Number.POSITIVE_INFINITY : priority
    const tier = tiers.get(rank)
    if (tier === undefined) tiers.set(rank, [state])
    else tier.push(state)
  }
  return [...tiers].sort(([a], [b]) => a - b).map(([, tier]) => tier)
}
