import type { Dispatcher } from 'undici'
import type { CallOutput, ValidateMode } from '../../contract/index.js'
import type { HoldfastError, Problem } from '../../foundation/errors/index.js'
import type { Priority } from '../../foundation/priority/index.js'
import type { ProxyOptions } from '../../http/transport/index.js'
import { retryDefaults } from '../../policies/index.js'
import type { BalancingOptions, EndpointInput, Resolver } from '../../upstream/endpoints/index.js'
import type { TrafficSplit, TrafficSplitOptions } from '../../upstream/traffic/index.js'
import type { OperationPolicyOptions, SharedPolicyOptions } from '../slots/policy-slots.js'
import type { CacheOptions, CoalesceOptions, OperationCacheOptions } from './cache-options.js'
import type { ClientTelemetryOptions } from './client-telemetry-options.js'
import type { ClientVersionOptions } from './version-options.js'

/** What a fallback is told. */
export interface FallbackContext {
  readonly operation: string
  readonly input: unknown
}

/** Answers in place of a dependency that failed; may be asynchronous. */
export type Fallback<Output = unknown> = (
  error: HoldfastError,
  context: FallbackContext,
) => Output | PromiseLike<Output>

/** How calls are protected: for all operations of a client, or for one of them. */
export interface CallPolicyOptions<Output = unknown> extends OperationPolicyOptions {
  /**
   * The total time of a call, in milliseconds: queueing, every attempt, backoff and reading the body. `false` for
   * no limit. With `response: 'stream'` it ends at the headers.
   * @default 10000
   */
  readonly timeoutMs?: number | false
  /**
   * The time of one attempt, in milliseconds, never more than what is left of the call. `false` for no limit.
   * @default 3000
   */
  readonly attemptTimeoutMs?: number | false
  /**
   * How long a streamed response may stand still, in milliseconds, whoever holds it up. `false` for no limit.
   * @default the attempt timeout
   */
  readonly idleTimeoutMs?: number | false
  /**
   * Answers when the dependency cannot. Not asked when the caller aborted or gave wrong input. It has what is left of
   * `timeoutMs`, and a second at least; then the call fails with the error that it had. `false` for none.
   * @default false
   */
  readonly fallback?: Fallback<Output> | false
  /**
   * How important calls are where there is no room for all of them: `critical` ones go first, `batch` ones are shed
   * first, by this client's limit and by the service.
   * @default that of the request that a call is made for, or `default`
   */
  readonly priority?: Priority
  /**
   * Keeps the responses of GET and HEAD as HTTP caching allows, and answers from them, also while the dependency fails.
   * @default false
   */
  readonly cache?: boolean | OperationCacheOptions
  /**
   * Has identical GET and HEAD calls that are under way at the same time share one request.
   * @default false
   */
  readonly coalesce?: boolean | CoalesceOptions
}

/** Options of `createClient`. */
export interface ClientOptions<Ops = Record<string, never>, Versions extends string = never>
  extends CallPolicyOptions,
    SharedPolicyOptions,
    ClientTelemetryOptions {
  /**
   * Where the service is: `http://orders:3000`, with a path in front of every operation's if need be. This or
   * `endpoints` must be given.
   */
  readonly baseUrl?: string | URL
  /**
   * The places where the service is, in place of `baseUrl`: a list of URLs, or a resolver such as `dnsEndpoints()` makes.
   * Every attempt goes to one that is doing well.
   */
  readonly endpoints?: readonly EndpointInput[] | Resolver
  /** How calls are spread over the `endpoints`. */
  readonly balancing?: BalancingOptions
  /** The versions of the service that calls are shared between, each with a place of its own, in place of `baseUrl`. */
  readonly versions?: Readonly<Record<Versions, ClientVersionOptions>>
  /** How they are shared: what `trafficSplit()` makes, or its options. It must be given with `versions`. */
  readonly traffic?: TrafficSplit<NoInfer<Versions>> | TrafficSplitOptions<NoInfer<Versions>>
  /** Overrides for single operations. */
  readonly operations?: { readonly [Name in keyof Ops & string]?: CallPolicyOptions<CallOutput<Ops[Name]>> }
  /**
   * Keeps the responses of GET and HEAD as HTTP caching allows, and answers from them, also while the dependency fails.
   * @default false
   */
  readonly cache?: boolean | CacheOptions
  /** Headers of every request. */
  readonly headers?: Readonly<Record<string, string>>
  /**
   * Connections kept to each endpoint at most.
   * @default the most that the limit allows in flight
   */
  readonly connections?: number
  /**
   * How long making a connection may take, in milliseconds.
   * @default 1000
   */
  readonly connectTimeoutMs?: number
  /** An undici dispatcher of your own: a MockAgent, a ProxyAgent, a Client over a unix socket. It stays yours to close. */
  readonly dispatcher?: Dispatcher
  /**
   * The URL of a proxy, `{ uri, token }` for one that wants a `proxy-authorization`, or `'env'` (or `true`) for the
   * `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` variables.
   */
  readonly proxy?: ProxyOptions
  /**
   * Whether HTTP/2 may be negotiated over TLS.
   * @default false
   */
  readonly http2?: boolean
  /**
   * The largest response accepted, in bytes after decompression; `Infinity` for no limit. It bounds streams only
   * where it is given.
   * @default 10485760
   */
  readonly maxResponseBytes?: number
  /**
   * What happens to input and responses that do not match the contract: `'warn'` reports them through
   * `onInvalid`, `'off'` does not look.
   * @default 'enforce'
   */
  readonly validate?: ValidateMode
  /**
   * Told of what does not match while `validate` is `'warn'`.
   * @default a process warning
   */
  readonly onInvalid?: (invalid: {
    readonly operation: string
    readonly problems: readonly Problem[]
  }) => void
}

/** The values of options that are not given. */
export const clientDefaults = Object.freeze({
  timeoutMs: 10_000,
  attemptTimeoutMs: 3_000,
  retry: retryDefaults,
  maxConcurrent: 200,
  connectTimeoutMs: 1_000,
  maxResponseBytes: 10 * 1024 * 1024,
  validate: 'enforce',
} as const)
