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
] as const satisfies readonly (keyof ClientEvents)[]
