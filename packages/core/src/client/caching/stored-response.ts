import type { ResponseHeaders } from '../../foundation/errors/index.js'
import type { CollectedResponse } from '../../http/message/index.js'
import type { CacheDirectives, CacheKey, CacheValue } from '../options/cache-options.js'

/** A response that is kept, its content encoding undone. */
export interface StoredResponse extends CollectedResponse {
  readonly value: Pick<CacheValue, 'vary' | 'cachedAt' | 'staleAt' | 'deleteAt'>
  readonly body: Buffer
  readonly etag: string | undefined
  readonly directives: CacheDirectives
}

/** Where a client keeps responses. It never throws: what fails is told to whoever opened it. */
export interface ResponseStore {
  get(key: CacheKey): StoredResponse | undefined | Promise<StoredResponse | undefined>
  put(key: CacheKey, value: CacheValue, body: Buffer): void
  /** Drops whatever is kept of the key's path. */
  delete(key: CacheKey): void
  /** What is in it; `undefined` where it does not tell. */
  readonly size: { readonly entries: number; readonly bytes: number } | undefined
  close(): void
}

/** A response as it comes out of a store. */
export function storedResponse(value: CacheValue, body: Buffer): StoredResponse {
  const { statusCode, headers, etag, cacheControlDirectives } = value
  return { value, status: statusCode, headers, body, etag, directives: cacheControlDirectives ?? {} }
}

/** Whether an answer may be given without asking the dependency. */
export function isFresh({ directives, value }: StoredResponse, now: number): boolean {
  return now < value.staleAt && directives['no-cache'] !== true
}

/** How many milliseconds a response may be used after it has gone stale, while it is asked for anew. */
export function staleWhileRevalidateMs({ directives }: StoredResponse): number {
  return mayBeStale(directives) ? (directives['stale-while-revalidate'] ?? 0) * 1_000 : 0
}

/** How many milliseconds a response may stand in for a dependency that fails. */
export function staleIfErrorMs(directives: CacheDirectives, usualMs: number): number {
  if (!mayBeStale(directives)) return 0
  const own = directives['stale-if-error']
  return own === undefined ? usualMs : own * 1_000
}

/** RFC 9111, 4.2.4: these forbid it. `s-maxage` does because it is for shared caches, and this is one. */
export function mayBeStale(directives: CacheDirectives): boolean {
  return (
    directives['must-revalidate'] !== true &&
    directives['proxy-revalidate'] !== true &&
    directives['s-maxage'] === undefined &&
    directives['no-cache'] !== true
  )
}

/** How old it is, in whole seconds, as its `age` header says. */
export function ageOf({ value }: StoredResponse, now: number): number {
  return Math.max(0, Math.floor((now - value.cachedAt) / 1_000))
}

/** The headers that ask whether it is still right; `undefined` where there is nothing to ask by. */
export function validatorsOf({ etag, headers }: StoredResponse): Record<string, string> | undefined {
  const modified = headers['last-modified']
  const isDated = typeof modified === 'string' && !Number.isNaN(Date.parse(modified))
  if (etag === undefined && !isDated) return undefined
  return {
    ...(etag === undefined ? undefined : { 'if-none-match': etag }),
    ...(isDated ? { 'if-modified-since': modified } : undefined),
  }
}

/** RFC 9111, 3.2: a 304 says nothing of these, whatever it says. */
const ofTheBody = ['content-length', 'content-encoding', 'content-type', 'content-range', 'transfer-encoding']

/** The stored response with what a 304 says of it; `undefined` where the 304 is about another one. */
export function freshened(stored: StoredResponse, headers: ResponseHeaders): CollectedResponse | undefined {
  const { etag } = headers
  if (typeof etag === 'string' && stored.etag !== undefined && opaque(etag) !== opaque(stored.etag)) {
    return undefined
  }
  const merged: ResponseHeaders = { ...stored.headers }
  // Without a date of its own the answer is from now, not from when the body came.
  delete merged.date
  for (const [name, value] of Object.entries(headers)) if (!ofTheBody.includes(name)) merged[name] = value
  return { status: stored.status, headers: merged, body: stored.body }
}

const opaque = (etag: string): string => (etag.startsWith('W/') ? etag.slice(2) : etag)
