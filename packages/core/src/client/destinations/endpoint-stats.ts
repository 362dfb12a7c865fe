import type { BreakerState } from '../../policies/index.js'

/** What is known of one endpoint. */
export interface EndpointStats {
  readonly origin: string
  /**
   * `active` gets calls. `ejected` is left out of the choice because it fails, `paused` because it asked for it with
   * `Retry-After`. `draining` is listed no more but has calls in flight. A `baseUrl` is always `active`.
   */
  readonly state: 'active' | 'ejected' | 'paused' | 'draining'
  /** Attempts that wait for its answer. */
  readonly inFlight: number
  /** What a call costs there, in milliseconds: its recent latency, failures included. `undefined` of a `baseUrl`. */
  readonly costMs: number | undefined
  /** `undefined` with `circuitBreaker: false`. */
  readonly circuitBreaker:
    | { readonly state: BreakerState; readonly successes: number; readonly failures: number }
    | undefined
  /** `undefined` before the first request, and where a `dispatcher` of your own keeps no count. */
  readonly connections:
    | {
        readonly open: number
        readonly free: number
        readonly running: number
        readonly waitingForSocket: number
      }
    | undefined
}
