export type { ClientEvents } from '../telemetry/events/index.js'
export { ClientTelemetry } from './call/client-telemetry.js'
export type { CloseOptions } from './call/close-with.js'
export type { EndpointStats } from './destinations/endpoint-stats.js'
export type { OriginStats, OriginsStats } from './destinations/origin-registry.js'
export { createFetch, createObservedFetch, type HoldfastFetch } from './faces/fetch/create-fetch.js'
export type { FetchFallback, FetchFallbackContext, FetchOptions } from './faces/fetch/fetch-options.js'
export type { FetchInput } from './faces/fetch/fetch-request.js'
export type { InterceptorOptions } from './faces/interceptor/interceptor-options.js'
export {
  observedInterceptor,
  type UndiciInterceptor,
  undiciInterceptor,
} from './faces/interceptor/undici-interceptor.js'
export { createClient, createObservedClient } from './faces/typed/create-client.js'
export type { VersionControls, VersionedClient } from './faces/typed/versions/versioned-client.js'
export type { CacheResult, CacheStats } from './operation/cache-result.js'
export type {
  Client,
  ClientControls,
  ClientStats,
  OperationCall,
  SafeResult,
} from './operation/client-types.js'
export type {
  CacheDirectives,
  CacheEntry,
  CacheKey,
  CacheOptions,
  CacheStore,
  CacheValue,
  CoalesceOptions,
  OperationCacheOptions,
} from './options/cache-options.js'
export type { CallOptions } from './options/call-options.js'
export type {
  CallPolicyOptions,
  ClientOptions,
  Fallback,
  FallbackContext,
} from './options/client-options.js'
export type { ClientTelemetryOptions } from './options/client-telemetry-options.js'
export type { ClientUpdate } from './options/client-update.js'
export type { Propagation } from './options/propagation.js'
export type { ProtectionOptions } from './options/protection-options.js'
export type { ClientVersionOptions } from './options/version-options.js'
export type { ChaosAttempt } from './slots/chaos.js'
export type { ShadowedPolicy } from './slots/policy-slots.js'
export {
  OptionsFileWatch,
  type OptionsWatch,
  type UpdatableClient,
  type WatchOptions,
  watchOptions,
} from './update/options-file/watch-options.js'
export { type Updater, updaterOf } from './update/updatable.js'
