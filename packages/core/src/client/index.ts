export type {
  CacheDirectives,
  CacheEntry,
  CacheKey,
  CacheOptions,
  CacheStore,
  CacheValue,
  CoalesceOptions,
  OperationCacheOptions,
} from './caching/cache-options.js'
export type { CacheResult, CacheStats } from './caching/cache-result.js'
export type { ClientEvents } from './call/client-events.js'
export type { ClientTelemetryOptions } from './call/client-telemetry-options.js'
export type { CloseOptions } from './call/close-with.js'
export type { Propagation } from './call/propagation.js'
export { ClientTelemetry } from './client-telemetry.js'
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
export type {
  CallOptions,
  Client,
  ClientControls,
  ClientStats,
  EndpointStats,
  OperationCall,
  SafeResult,
} from './faces/typed/client-types.js'
export { createClient, createObservedClient } from './faces/typed/create-client.js'
export type { ClientVersionOptions } from './faces/typed/versions/version-options.js'
export type { VersionControls, VersionedClient } from './faces/typed/versions/versioned-client.js'
export type {
  CallPolicyOptions,
  ClientOptions,
  Fallback,
  FallbackContext,
  ShadowedPolicy,
} from './options/client-options.js'
export {
  OptionsFileWatch,
  type OptionsWatch,
  type UpdatableClient,
  type WatchOptions,
  watchOptions,
} from './options/options-file/watch-options.js'
export type { ProtectionOptions } from './options/protection-options.js'
export type { ClientUpdate } from './options/update/client-update.js'
export { type Updater, updaterOf } from './options/update/updatable.js'
export type { ChaosAttempt } from './slots/chaos/client-chaos.js'
