export type { ClientEvents } from './client-events.js'
export type {
  CallPolicyOptions,
  ClientOptions,
  Fallback,
  FallbackContext,
} from './client-options.js'
export { ClientTelemetry } from './client-telemetry.js'
export type { ClientTelemetryOptions } from './client-telemetry-options.js'
export type {
  CallOptions,
  Client,
  ClientControls,
  ClientStats,
  EndpointStats,
  OperationCall,
  SafeResult,
} from './client-types.js'
export { createClient, createObservedClient } from './create-client.js'
export { createFetch, createObservedFetch, type HoldfastFetch } from './fetch/create-fetch.js'
export type { FetchFallback, FetchFallbackContext, FetchOptions } from './fetch/fetch-options.js'
export type { FetchInput } from './fetch/fetch-request.js'
export type { InterceptorOptions } from './interceptor/interceptor-options.js'
export {
  observedInterceptor,
  type UndiciInterceptor,
  undiciInterceptor,
} from './interceptor/undici-interceptor.js'
export type { CloseOptions } from './origin/close-with.js'
export type { OriginStats, OriginsStats } from './origin/origin-registry.js'
export type { ProtectionOptions } from './origin/protection-options.js'
export type { Propagation } from './propagation.js'
