import type { Emitter } from '../../foundation/events/index.js'
import type { CircuitBreaker } from '../../policies/index.js'
import type { ClientEvents } from '../../telemetry/events/index.js'
import type { Endpoint } from '../../upstream/endpoints/index.js'
import { propagatesTo } from '../options/propagation.js'
import type { ResolvedClient } from '../settings/resolve-options.js'
import { breakerOptionsOf } from '../slots/circuit-breaker.js'
import type { SharedPolicyOptions } from '../slots/policy-slots.js'
import { forwardPolicies } from '../slots/shared-policies.js'
import { BalancedEndpoints } from './balanced-endpoints.js'
import { ClientEndpoint, type EndpointPlace } from './client-endpoint.js'
import type { ClientEndpoints } from './client-endpoints.js'
import { type BreakerOptionsOf, EndpointBreaker } from './endpoint-breaker.js'
import { EndpointConnections } from './endpoint-connections.js'
import { FixedEndpoint } from './fixed-endpoint.js'

/** Makes what a client calls: its one endpoint, or all those of a list or a resolver, which is not asked yet. */
export function openEndpoints(
  dependency: string,
  resolved: ResolvedClient,
  events: Emitter<ClientEvents>,
): ClientEndpoints {
  const { base, options, transport } = resolved
  const { balancing, endpoints = [], propagate, random } = options
  const connections = new EndpointConnections(transport)
  const create = (place: EndpointPlace, policies: SharedPolicyOptions, breaker: Breaker): ClientEndpoint => {
    const { origin } = place
    const known = knownOrigin(place)
    const propagates = propagatesTo(known, propagate, known)
    const parts = {
      breaker: new EndpointBreaker(breaker.optionsOf, (made) => {
        forwardPolicies({ circuitBreaker: made }, { dependency, origin, events })
        breaker.onMade?.(made)
      }),
      transport: connections.open(),
      propagates,
      disconnect: connections.letGo,
    }
    return new ClientEndpoint(place, parts, policies)
  }
  if (base !== undefined) {
    const optionsOf: BreakerOptionsOf = (policies) => breakerOptionsOf(policies, { name: dependency })
    return new FixedEndpoint(create({ ...base, serverName: undefined }, options, { optionsOf }), connections)
  }
  return new BalancedEndpoints({
    dependency,
    events,
    connections,
    source: endpoints,
    balancing,
    random,
    propagates: propagate === undefined || propagate === true,
    policies: options,
    createEndpoint(endpoint: Endpoint, { options: policies, maxOpenMs, onMade }) {
      const optionsOf: BreakerOptionsOf = (now) => {
        const own = breakerOptionsOf(now, { name: dependency, maxOpenMs })
        return own && { ...own, name: `${own.name} ${endpoint.url}` }
      }
      return create(endpoint, policies, { optionsOf, onMade })
    },
  })
}

interface Breaker {
  readonly optionsOf: BreakerOptionsOf
  readonly onMade?: (breaker: CircuitBreaker) => void
}

/** The origin by the name that people know: a resolver may give the address and the name apart. */
function knownOrigin({ origin, serverName }: EndpointPlace): string {
  if (serverName === undefined) return origin
  const url = new URL(origin)
  // It may bring a port.
  url.host = serverName
  return url.origin
}
