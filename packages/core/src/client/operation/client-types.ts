import type { CallInput, CallOutput } from '../../contract/index.js'
import type { HoldfastError, ResponseHeaders } from '../../foundation/errors/index.js'
import type { Listener, Unsubscribe } from '../../foundation/events/index.js'
import type { CircuitBreaker } from '../../policies/index.js'
import type { ClientEvents } from '../../telemetry/events/index.js'
import type { CloseOptions } from '../call/close-with.js'
import type { EndpointStats } from '../destinations/endpoint-stats.js'
import type { CallOptions } from '../options/call-options.js'
import type { ClientUpdate } from '../options/client-update.js'
import type { ShadowedPolicy } from '../slots/policy-slots.js'
import type { CacheResult, CacheStats } from './cache-result.js'

/** What `.safe` gives: the outcome as a value. */
export type SafeResult<Output> =
  | {
      readonly ok: true
      /** 0 when the fallback answered. */
      readonly status: number
      readonly headers: ResponseHeaders
      readonly data: Output
      /** Whether `data` came from the fallback, not from the dependency. */
      readonly fromFallback: boolean
      /** How the cache answered; `undefined` without one. */
      readonly cache: CacheResult | undefined
    }
  | { readonly ok: false; readonly error: HoldfastError }

type CallArguments<Op> = Op extends { readonly input: object }
  ? [input: CallInput<Op>, options?: CallOptions]
  : [input?: undefined, options?: CallOptions]

/** One operation of a client. */
export interface OperationCall<Op> {
  /**
   * Calls the operation.
   * @throws {HoldfastError} of any code but `CONFIG_INVALID`; `HttpError` for an error status
   */
  (...args: CallArguments<Op>): Promise<CallOutput<Op>>
  /** Calls the operation and gives the outcome as a value instead of throwing a `HoldfastError`. */
  safe(...args: CallArguments<Op>): Promise<SafeResult<CallOutput<Op>>>
}

/** The state of a client at one moment. */
export interface ClientStats {
  readonly dependency: string
  /** How many attempts may be in flight now; `undefined` without a limit. */
  readonly limit: number | undefined
  /** Attempts that hold a permit. */
  readonly inFlight: number
  /** Calls that wait for a permit. */
  readonly queued: number
  /** The options of those policies that only report what they would have done. */
  readonly shadow: readonly ShadowedPolicy[]
  /** `undefined` with `retryBudget: false`. */
  readonly retryBudget: { readonly tokens: number } | undefined
  /** Of a client with `versions` those of the versions that get calls. */
  readonly endpoints: readonly EndpointStats[]
  /** The state of each version, of which the above is the sum. Not there without `versions`. */
  readonly versions?: Readonly<Record<string, ClientStats>>
  /** What the cache holds and has done. Not there without one. */
  readonly cache?: CacheStats
  /** Calls that shared the request of another. Not there where none can. */
  readonly coalesced?: number
}

/** What every client has beside its operations. */
export interface ClientControls<Ops = Record<string, never>> {
  /** The state of breaker, permits, budget and connections. */
  $stats(): ClientStats
  /**
   * The circuit breakers, one for each endpoint: to isolate or reset one by hand, or to attach tools made for opossum
   * to its `opossum`. Empty with `circuitBreaker: false`.
   */
  $circuitBreakers(): readonly CircuitBreaker[]
  /** Subscribes to an event; returns what unsubscribes. A listener that throws never changes a call's result. */
  $on<Name extends keyof ClientEvents>(name: Name, listener: Listener<ClientEvents[Name]>): Unsubscribe
  /**
   * Changes options without losing what is known: breakers, limits, budget, quota, averages and subscriptions stay as they
   * are. Objects of options are merged, what is `undefined` stays, and `false` switches off. Calls in flight end as they
   * began; the next call goes by the new options.
   * @throws {ConfigInvalidError} `CONFIG_INVALID`, naming everything that is wrong at once; then nothing has changed.
   * @throws {ClosedError} `CLOSED` after `$close()`.
   */
  $update(options: ClientUpdate<Ops>): void
  /**
   * Refuses new calls with `CLOSED`, waits for those in flight, streams included, and closes the connections. After
   * `timeoutMs`, 10 s by default, what is left ends with `CLOSED` too.
   */
  $close(options?: CloseOptions): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** A typed client of a contract's operations. */
export type Client<Ops> = {
  readonly [Name in keyof Ops & string]: OperationCall<Ops[Name]>
} & ClientControls<Ops>
