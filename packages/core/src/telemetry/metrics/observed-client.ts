import type { ClientEvents } from '../events/index.js'

/** What is read of one endpoint. */
export interface EndpointReadings {
  readonly origin: string
  readonly circuitBreaker: { readonly state: string } | undefined
  readonly connections: { readonly open: number; readonly waitingForSocket: number } | undefined
}

/** What is read of a dependency's policies. */
export interface DependencyReadings {
  /** How many attempts may be in flight; `undefined` without a limit. */
  readonly limit?: number | undefined
  readonly inFlight: number
  readonly queued: number
  readonly retryBudget: { readonly tokens: number } | undefined
}

/** What `$stats()` gives: of a client for one dependency, or of a `fetch` for each origin. */
export type ObservedStats =
  | (DependencyReadings & { readonly dependency: string; readonly endpoints: readonly EndpointReadings[] })
  | { readonly origins: readonly (DependencyReadings & EndpointReadings)[] }

/** The part of a client, a `createFetch` or an interceptor that its metrics are read from. */
export interface ObservedClient {
  $stats(): ObservedStats
  $on<Name extends keyof ClientEvents>(name: Name, listener: (event: ClientEvents[Name]) => void): () => void
}

/** One dependency of a client. */
export interface ObservedDependency extends DependencyReadings {
  readonly dependency: string
  readonly endpoints: readonly EndpointReadings[]
}

/** The dependencies of a client, whatever kind of client it is. */
export function dependenciesOf(stats: ObservedStats): readonly ObservedDependency[] {
  if (!('origins' in stats)) return [stats]
  return stats.origins.map((origin) => ({
    ...origin,
    dependency: URL.canParse(origin.origin) ? new URL(origin.origin).host : origin.origin,
    endpoints: [origin],
  }))
}
