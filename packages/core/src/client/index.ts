export type { ChaosAttempt } from './chaos/client-chaos.js'
export type { ClientEvents } from './client-events.js'
export type {
  CallPolicyOptions,
  ClientOptions,
  Fallback,
  FallbackContext,
  ShadowedPolicy,
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
export {
  OptionsFileWatch,
  type OptionsWatch,
  type UpdatableClient,
  type WatchOptions,
  watchOptions,
} from './options-file/watch-options.js'
export type { CloseOptions } from './origin/close-with.js'
export type { OriginStats, OriginsStats } from './origin/origin-registry.js'
export type { ProtectionOptions } from './origin/protection-options.js'
export type { Propagation } from './propagation.js'
export type {
  CacheDirectives,
  CacheEntry,
  CacheKey,
  CacheOptions,
  CacheStore,
  CacheValue,
  CoalesceOptions,
  OperationCacheOptions,
} from './reads/cache-options.js'
export type { CacheResult, CacheStats } from './reads/cache-result.js'
export type { ClientUpdate } from './update/client-update.js'
export { type Updater, updaterOf } from './update/updatable.js'
export type { ClientVersionOptions } from './versions/version-options.js'
export type { VersionControls, VersionedClient } from './versions/versioned-client.js'
