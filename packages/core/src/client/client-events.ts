import type { EjectionReason } from '../endpoints/index.js'
import type { HoldfastError } from '../errors/index.js'

interface ClientEvent {
  readonly dependency: string
}

interface CallEvent extends ClientEvent {
  readonly operation: string
  /** Of the request that the call is made for; `undefined` outside of one. */
  readonly correlationId: string | undefined
}

interface EndpointEvent extends ClientEvent {
  readonly origin: string
}

/** What a client reports through `$on`. */
export interface ClientEvents {
  /** Another attempt follows in `delayMs` milliseconds. */
  retry: CallEvent & { readonly attempt: number; readonly delayMs: number; readonly error: unknown }
  /** The breaker has opened for `openMs` milliseconds. */
  open: EndpointEvent & { readonly openMs: number; readonly failures: number; readonly successes: number }
  /** The breaker lets a probe through. */
  halfOpen: EndpointEvent
  /** The breaker has closed. */
  close: EndpointEvent
  /** A call was refused before anything was sent. */
  reject: CallEvent & {
    readonly reason: 'circuit open' | 'queue full' | 'no free permit' | 'rate limit'
  }
  /** An endpoint is left out of the choice for `ejectedMs` milliseconds, because it does worse than the others. */
  ejected: EndpointEvent & { readonly reason: EjectionReason; readonly ejectedMs: number }
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
  /** The fallback answers in place of the dependency. */
  fallback: CallEvent & { readonly error: HoldfastError }
}

/** The names that `$on` takes. */
export const clientEventNames = [
  'retry',
  'open',
  'halfOpen',
  'close',
  'reject',
  'hedge',
  'shed',
  'fallback',
  'ejected',
  'readmitted',
  'endpointAdded',
  'endpointRemoved',
  'endpointReleased',
  'resolverError',
] as const satisfies readonly (keyof ClientEvents)[]
