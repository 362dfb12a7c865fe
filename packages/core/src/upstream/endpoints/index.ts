export { type BalancingOptions, checkBalancing, type EjectionOptions } from './balancing-options.js'
export { type DnsEndpointsOptions, dnsEndpoints } from './dns-endpoints.js'
export type { DnsAnswer, DnsQuestion, DnsRecordType } from './dns-records.js'
export {
  checkEndpoints,
  type Endpoint,
  type EndpointInput,
  type EndpointOptions,
  originOf,
} from './endpoint.js'
export {
  type EndpointEvents,
  EndpointSet,
  type EndpointSetOptions,
  type EndpointSnapshot,
} from './endpoint-set.js'
export type { EndpointGuard, EndpointState, LatencyVerdict } from './endpoint-state.js'
export type { EjectionReason } from './outlier-detector.js'
export type { Resolver, ResolverListener, ResolverWatch } from './resolver.js'
export { type StaticEndpoints, staticEndpoints } from './static-endpoints.js'
export { addTried, type Tried } from './tried.js'
