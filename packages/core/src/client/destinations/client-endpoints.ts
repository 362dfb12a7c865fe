import type { CircuitBreaker } from '../../policies/index.js'
import type { Targets } from '../attempt/attempt-guards.js'
import type { SharedPolicyOptions } from '../slots/policy-slots.js'
import type { ClientEndpoint } from './client-endpoint.js'
import type { EndpointStats } from './endpoint-stats.js'

/** Where a client's calls go. */
export interface ClientEndpoints {
  readonly targets: Targets<ClientEndpoint>
  /** Whether all of them may know of the requests that calls are made for. */
  readonly propagates: boolean
  /** The origin that spans tell of; `undefined` where it is the dependency's name that stands for several. */
  readonly origin: string | undefined
  /** How long a retry waits because an endpoint asked for it. By default as long as the failure says. */
  readonly retryAfterMs: ((error: unknown) => number | undefined) | undefined
  /** Begins to look for them. */
  start(): void
  /** `inFlight` is that of the whole client. */
  stats(inFlight: number): readonly EndpointStats[]
  breakers(): readonly CircuitBreaker[]
  /** Changes the options of the breakers, and keeps their state. */
  update(options: SharedPolicyOptions): void
  /** Closes the connections as soon as nothing is in flight. */
  close(): Promise<void>
  /** Breaks off what is in flight. */
  destroy(): Promise<void>
  /** Stops timers and looking. */
  release(): void
}
