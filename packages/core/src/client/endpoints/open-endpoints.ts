import { OptionCheck } from '../../config/index.js'
import type { Endpoint } from '../../endpoints/index.js'
import type { CircuitBreaker, Emitter } from '../../policies/index.js'
import type { ClientEvents } from '../client-events.js'
import { forwardBreaker } from '../policy-events.js'
import { propagatesTo } from '../propagation.js'
import type { ResolvedClient } from '../resolve-options.js'
import { makeBreaker } from '../shared-policies.js'
import { BalancedEndpoints } from './balanced-endpoints.js'
import { ClientEndpoint, type EndpointPlace } from './client-endpoint.js'
import type { ClientEndpoints } from './client-endpoints.js'
import { EndpointConnections } from './endpoint-connections.js'
import { FixedEndpoint } from './fixed-endpoint.js'

/** The longest that a breaker stays open while no endpoint is well, in milliseconds. */
const maxOpenMs = 5_000

/** Makes what a client calls: its one endpoint, or all those of a list or a resolver, which is not asked yet. */
export function openEndpoints(
  dependency: string,
  resolved: ResolvedClient,
  events: Emitter<ClientEvents>,
): ClientEndpoints {
  const { base, options, transport } = resolved
  const { balancing, circuitBreaker, endpoints = [], propagate, random } = options
  const connections = new EndpointConnections(transport)
  const create = (place: EndpointPlace, breaker: CircuitBreaker | undefined): ClientEndpoint => {
    const { origin } = place
    forwardBreaker({ dependency, origin }, breaker, events)
    const known = knownOrigin(place)
    const propagates = propagatesTo(known, propagate, known)
    return new ClientEndpoint(place, {
      breaker,
      transport: connections.open(),
      propagates,
      disconnect: connections.letGo,
    })
  }
  if (base !== undefined) {
    return new FixedEndpoint(create({ ...base, serverName: undefined }, resolved.breaker), connections)
  }
  const given = circuitBreaker || {}
  const name = given.name ?? dependency
  return new BalancedEndpoints({
    dependency,
    events,
    connections,
    source: endpoints,
    balancing,
    random,
    propagates: propagate === undefined || propagate === true,
    maxOpenMs: given.maxOpenMs === undefined ? Math.max(maxOpenMs, given.openMs ?? 0) : undefined,
    createEndpoint(endpoint: Endpoint, longest) {
      const own = { ...given, name: `${name} ${endpoint.url}` }
      const usual = longest === undefined ? {} : { maxOpenMs: longest }
      const perEndpoint = { ...options, circuitBreaker: circuitBreaker === false ? (false as const) : own }
      return create(endpoint, makeBreaker(new OptionCheck(dependency), perEndpoint, usual))
    },
  })
}

/** The origin by the name that people know: a resolver may give the address and the name apart. */
function knownOrigin({ origin, serverName }: EndpointPlace): string {
  if (serverName === undefined) return origin
  const url = new URL(origin)
  // It may bring a port.
  url.host = serverName
  return url.origin
}
