interface ObservedCall {
  readonly dependency: string
  readonly operation: string
}

interface ObservedEndpoint {
  readonly dependency: string
  readonly origin: string
}

/** The events of a client that are counted. */
export interface CountedEvents {
  readonly retry: ObservedCall
  readonly hedge: ObservedCall
  readonly reject: ObservedCall & { readonly reason: string }
  readonly shed: ObservedCall
  readonly shadowReject: ObservedCall & { readonly reason: string }
  readonly open: ObservedEndpoint
  readonly halfOpen: ObservedEndpoint
  readonly close: ObservedEndpoint
  readonly ejected: ObservedEndpoint
  readonly endpointReleased: ObservedEndpoint
  readonly chaos: ObservedCall & { readonly kind: string }
}

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
  $on<Name extends keyof CountedEvents>(
    name: Name,
    listener: (event: CountedEvents[Name]) => void,
  ): () => void
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
