import type { OptionChange } from '../../foundation/config/index.js'
import type { HoldfastError } from '../../foundation/errors/index.js'
import type { ChaosKind } from '../../policies/index.js'

interface ClientEvent {
  readonly dependency: string
  /** The version that it is about, of a client with `versions`. */
  readonly version?: string
}

interface CallEvent extends ClientEvent {
  readonly operation: string
  /** Of the request that the call is made for; `undefined` outside of one. */
  readonly correlationId: string | undefined
}

interface EndpointEvent extends ClientEvent {
  readonly origin: string
}

interface BreakerEvent extends EndpointEvent {
  /** The breaker only reports what it would do. */
  readonly shadow?: true
}

/** What a client reports through `$on`: the one shape of its events, which logging and metrics listen to as users do. */
export interface ClientEvents {
  /** Another attempt follows in `delayMs` milliseconds. */
  retry: CallEvent & { readonly attempt: number; readonly delayMs: number; readonly error: unknown }
  /** The breaker has opened for `openMs` milliseconds. */
  open: BreakerEvent & { readonly openMs: number; readonly failures: number; readonly successes: number }
  /** The breaker lets a probe through. */
  halfOpen: BreakerEvent
  /** The breaker has closed. */
  close: BreakerEvent
  /** A call was refused before anything was sent. */
  reject: CallEvent & {
    readonly reason: 'circuit open' | 'queue full' | 'no free permit' | 'rate limit'
  }
  /** A policy in shadow let an attempt through that it would have refused, or have had wait: `queued`. */
  shadowReject: CallEvent & {
    readonly reason: 'circuit open' | 'queue full' | 'no free permit' | 'queued' | 'rate limit'
  }
  /** An endpoint is left out of the choice for `ejectedMs` milliseconds, because it does worse than the others. */
  ejected: EndpointEvent & {
    readonly reason: 'consecutive failures' | 'failure ratio'
    readonly ejectedMs: number
  }
  /** An ejected endpoint is in the choice again. */
  readmitted: EndpointEvent
  /** The resolver names an endpoint that it did not name before. */
  endpointAdded: EndpointEvent
  /** The resolver names an endpoint no more: it gets no new calls, and those in flight go on. */
  endpointRemoved: EndpointEvent & { readonly inFlight: number }
  /** The last call on a removed endpoint has settled; what was known of it is forgotten. */
  endpointReleased: EndpointEvent
  /** The resolver has failed, or named something of no use. The endpoints known before stay. */
  resolverError: ClientEvent & { readonly error: unknown }
  /** A second request follows the first. */
  hedge: CallEvent & { readonly delayMs: number }
  /** A call was dropped from the queue because it had waited too long. */
  shed: CallEvent
  /** A response that is `ageMs` old stands in for an answer that failed with `error`. */
  stale: CallEvent & { readonly ageMs: number; readonly error: unknown }
  /** The cache's store has failed. Calls go on without it. */
  cacheError: ClientEvent & { readonly error: unknown }
  /** The fallback answers in place of the dependency. */
  fallback: CallEvent & { readonly error: HoldfastError }
  /** Chaos holds an attempt up for `latencyMs` milliseconds, and fails it unless `kind` is `'latency'`. */
  chaos: CallEvent & {
    readonly kind: ChaosKind
    readonly latencyMs: number
    /** Of the kind `'status'`. */
    readonly status: number | undefined
  }
  /** Options have changed, by `$update()` or by a file. The values of headers are not told. */
  updated: ClientEvent & { readonly source: 'update' | 'file'; readonly changes: readonly OptionChange[] }
  /** Chaos was switched on or off. */
  chaosSwitched: ClientEvent & { readonly isEnabled: boolean }
}

/** The names that `$on` takes. */
export const clientEventNames = [
  'retry',
  'open',
  'halfOpen',
  'close',
  'reject',
  'shadowReject',
  'hedge',
  'shed',
  'fallback',
  'stale',
  'cacheError',
  'ejected',
  'readmitted',
  'endpointAdded',
  'endpointRemoved',
  'endpointReleased',
  'resolverError',
  'chaos',
  'chaosSwitched',
  'updated',
] as const satisfies readonly (keyof ClientEvents)[]
