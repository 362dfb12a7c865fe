import type { Writable } from 'node:stream'
import type { ResponseHeaders } from '../../foundation/errors/index.js'

/** What a response is stored under. */
export interface CacheKey {
  readonly origin: string
  readonly method: string
  /** With its query. */
  readonly path: string
  /** Those of the request, lower-case names. */
  readonly headers?: Record<string, string | string[]>
}

/** What a store keeps of a response beside its body. Times are in milliseconds since the epoch. */
export interface CacheValue {
  readonly statusCode: number
  readonly statusMessage: string
  readonly headers: ResponseHeaders
  /** The request headers that must be the same for the response to be used again, with their values. */
  readonly vary?: Record<string, string | string[] | null>
  readonly etag?: string
  readonly cacheControlDirectives?: CacheDirectives
  readonly cachedAt: number
  /** Until when it is fresh. */
  readonly staleAt: number
  /** Until when it is kept. */
  readonly deleteAt: number
}

/** The directives of a `cache-control` header that matter once a response is stored. */
export interface CacheDirectives {
  readonly 'max-age'?: number
  readonly 's-maxage'?: number
  readonly 'stale-while-revalidate'?: number
  readonly 'stale-if-error'?: number
  readonly 'no-cache'?: true | string[]
  readonly 'must-revalidate'?: true
  readonly 'proxy-revalidate'?: true
}

/** What a store gives back. */
export interface CacheEntry extends Omit<CacheValue, 'vary' | 'etag'> {
  readonly vary?: Record<string, string | string[] | null> | undefined
  readonly etag?: string | undefined
  readonly body?: Iterable<Uint8Array | string> | AsyncIterable<Uint8Array | string> | Uint8Array | string
}

/**
 * Where responses are kept: the interface of undici's cache stores, so that those of others fit. A store that fails is
 * as good as one that has nothing.
 */
export interface CacheStore {
  get(key: CacheKey): CacheEntry | undefined | Promise<CacheEntry | undefined>
  createWriteStream(key: CacheKey, value: CacheValue): Writable | undefined | Promise<Writable | undefined>
  /** Drops whatever is kept of the path, whatever its method. */
  delete(key: CacheKey): void | Promise<void>
}

/** How the responses of one operation are cached. */
export interface OperationCacheOptions {
  /**
   * How long after it has gone stale a response may stand in while the dependency fails, in milliseconds. A
   * `stale-if-error` of the response itself wins.
   * @default 0
   */
  readonly staleIfErrorMs?: number
  /**
   * Headers of contract and call that do not change the answer. The others are part of what a response is stored under.
   * @default []
   */
  readonly ignoreHeaders?: readonly string[]
}

/** How a client caches responses. */
export interface CacheOptions extends OperationCacheOptions {
  /**
   * Where responses are kept: in memory, in an SQLite file, which Node 22.13 and later can, or in a store with the
   * interface of undici's.
   * @default 'memory'
   */
  readonly store?: 'memory' | { readonly sqlite: string } | CacheStore
  /**
   * The most bytes in memory, bodies and headers.
   * @default 33554432
   */
  readonly maxBytes?: number
  /**
   * The most responses, in memory or in the SQLite file.
   * @default 10000
   */
  readonly maxEntries?: number
  /**
   * The largest body that is kept, in bytes.
   * @default 1048576
   */
  readonly maxEntryBytes?: number
  /**
   * How long a store of your own may take to look something up, in milliseconds, before the call goes on without it.
   * @default 250
   */
  readonly storeTimeoutMs?: number
}

/** How identical reads share one request. */
export interface CoalesceOptions {
  /**
   * Headers of contract and call that do not change the answer. Calls that differ in any other do not share.
   * @default []
   */
  readonly ignoreHeaders?: readonly string[]
}

/** The values of options that are not given. */
export const cacheDefaults = Object.freeze({
  staleIfErrorMs: 0,
  maxBytes: 32 * 1024 * 1024,
  maxEntries: 10_000,
  maxEntryBytes: 1024 * 1024,
  storeTimeoutMs: 250,
} as const)
