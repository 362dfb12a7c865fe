export type {
  AttemptTrace,
  CallTrace,
  ClientObserver,
  ObservedOperation,
  OperationObserver,
  SettledCall,
} from './call-observer.js'
export type { ClientEvents } from './client-events.js'
export type {
  CallPolicyOptions,
  ClientOptions,
  Fallback,
  FallbackContext,
} from './client-options.js'
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
export { createFetch, type HoldfastFetch } from './fetch/create-fetch.js'
export type { FetchFallback, FetchFallbackContext, FetchOptions } from './fetch/fetch-options.js'
export type { FetchInput } from './fetch/fetch-request.js'
export type { InterceptorOptions } from './interceptor/interceptor-options.js'
export { type UndiciInterceptor, undiciInterceptor } from './interceptor/undici-interceptor.js'
export type { OriginStats, OriginsStats } from './origin/origin-registry.js'
export type { ProtectionOptions } from './origin/protection-options.js'
