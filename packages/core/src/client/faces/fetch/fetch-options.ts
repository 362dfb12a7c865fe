import type { OptionCheck } from '../../../foundation/config/index.js'
import type { HoldfastError } from '../../../foundation/errors/index.js'
import { createTransport, type Transport } from '../../../http/transport/index.js'
import { checkHeaders } from '../../options/check-headers.js'
import { type ClientOptions, clientDefaults } from '../../options/client-options.js'
import { type ProtectionOptions, protectionOptionNames } from '../../options/protection-options.js'
import { checkBaseUrl, checkTransport, withoutUndefined } from '../../settings/resolve-options.js'
import { type Protection, resolveProtection } from '../../settings/resolve-protection.js'

/** What the fallback of a `fetch` is told of the request. */
export interface FetchFallbackContext {
  readonly url: string
  readonly method: string
}

/** Makes the response that stands in for a request that failed. */
export type FetchFallback = (
  error: HoldfastError,
  request: FetchFallbackContext,
) => Response | PromiseLike<Response>

/** Options of `createFetch`. */
export interface FetchOptions
  extends Omit<ProtectionOptions, 'timeoutMs'>,
    Pick<ClientOptions, 'connectTimeoutMs' | 'connections' | 'dispatcher' | 'http2' | 'proxy'> {
  /**
   * The total time of a call, in milliseconds: queueing, redirects, every attempt, backoff and reading the body.
   * `false` for no limit.
   * @default 10000
   */
  readonly timeoutMs?: number | false
  /** What relative URLs are relative to: `fetch('/orders')`. Its path goes in front of theirs. */
  readonly baseUrl?: string | URL
  /** Headers of every request, whatever its origin; those of the request win. */
  readonly headers?: Readonly<Record<string, string>>
  /**
   * The largest body accepted, in bytes after decompression; `Infinity` for no limit.
   * @default 10485760
   */
  readonly maxResponseBytes?: number
  /**
   * Answers when the dependency cannot: on every failure but the caller's abort and wrong arguments, and in place of
   * 408, 425, 429 and 5xx.
   */
  readonly fallback?: FetchFallback
}

/** What `createFetch` made of its options. */
export interface ResolvedFetch {
  readonly protection: Protection
  readonly base: { readonly origin: string; readonly basePath: string } | undefined
  readonly headers: Readonly<Record<string, string>>
  readonly maxResponseBytes: number
  readonly fallback: FetchFallback | undefined
}

const optionNames = [
  ...protectionOptionNames,
  'baseUrl',
  'connectTimeoutMs',
  'connections',
  'dispatcher',
  'fallback',
  'headers',
  'http2',
  'maxResponseBytes',
  'proxy',
] as const satisfies readonly (keyof FetchOptions)[]

/** What `fetch` sends unless told otherwise. Services do refuse requests without a user agent. */
const standardHeaders = { accept: '*/*', 'accept-encoding': 'gzip, deflate, br', 'user-agent': 'node' }

/** Checks the options and fills in what is missing; `check` may have more to complain about before it is done. */
export function resolveFetchOptions(
  check: OptionCheck,
  given: FetchOptions,
): ResolvedFetch & { readonly options: FetchOptions } {
  const options = withoutUndefined(check, given, optionNames)
  const base = options.baseUrl === undefined ? undefined : checkBaseUrl(check, options.baseUrl)
  const protection = resolveProtection(check, options as ProtectionOptions)
  checkTransport(check, options)
  const headers = checkHeaders(options.headers, (name, message) => {
    check.add(name === '' ? 'headers' : `headers.${name}`, message)
  })
  return {
    options,
    protection,
    base,
    headers: Object.freeze({ ...standardHeaders, ...headers }),
    maxResponseBytes: options.maxResponseBytes ?? clientDefaults.maxResponseBytes,
    fallback: options.fallback,
  }
}

/** The connections of a `fetch`. */
export function openTransport(options: FetchOptions, maxConcurrent: number | undefined): Transport {
  return createTransport({
    connections: options.connections ?? maxConcurrent ?? clientDefaults.maxConcurrent,
    connectTimeoutMs: options.connectTimeoutMs ?? clientDefaults.connectTimeoutMs,
    http2: options.http2,
    proxy: options.proxy,
    dispatcher: options.dispatcher,
  })
}
