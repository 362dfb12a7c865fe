import type { Dispatcher } from 'undici'
import type { RateLimitOptions } from '../../policies/index.js'
import type { BalancingOptions, EndpointInput, Resolver } from '../../upstream/endpoints/index.js'

/** One version of a dependency. Everything else is as the client's options say, but each version has its own of it. */
export interface ClientVersionOptions {
  /** Where this version is. This or `endpoints` must be given. */
  readonly baseUrl?: string | URL
  /** The places where this version is, in place of `baseUrl`. */
  readonly endpoints?: readonly EndpointInput[] | Resolver
  /** How calls are spread over the `endpoints`. */
  readonly balancing?: BalancingOptions
  /** Headers of every request to this version, beside those of the client: what a gateway tells versions apart by. */
  readonly headers?: Readonly<Record<string, string>>
  /** An undici dispatcher of your own. It stays yours to close. */
  readonly dispatcher?: Dispatcher
  /**
   * The part of a quota that this version may use.
   * @default false
   */
  readonly rateLimit?: RateLimitOptions | false
}

/** The names of `ClientVersionOptions`. */
export const versionOptionNames = [
  'baseUrl',
  'endpoints',
  'balancing',
  'headers',
  'dispatcher',
  'rateLimit',
] as const satisfies readonly (keyof ClientVersionOptions)[]
