import { chaosHeader, type ResponseHeaders } from '../../foundation/errors/index.js'
import type { CacheResult, CacheStats } from '../operation/cache-result.js'
import type { Call } from '../operation/call.js'
import type { CacheKey } from '../options/cache-options.js'
import type { Answer } from './answer.js'
import type { VariantHeaders } from './read-variant.js'
import { StoragePolicy } from './storage-policy.js'
import type { ResponseStore, StoredResponse } from './stored-response.js'

/** Where the responses of a client are kept, and under which names. */
export interface CachePlace {
  readonly store: ResponseStore
  /** The dependency's, whichever endpoint answers. */
  readonly origin: string
}

const absent = { accept: null } as const

/** The responses of one client. */
export class ResponseCache {
  readonly counts: Record<CacheResult, number> = { hit: 0, miss: 0, revalidated: 0, stale: 0, bypass: 0 }
  readonly #store: ResponseStore
  readonly #origin: string
  readonly #policy = new StoragePolicy()
  failures = 0

  constructor({ store, origin }: CachePlace) {
    this.#store = store
    this.#origin = origin
  }

  stats(): CacheStats {
    const { hit, miss, revalidated, stale, bypass } = this.counts
    return {
      hits: hit,
      misses: miss,
      revalidated,
      stale,
      bypassed: bypass,
      failures: this.failures,
      entries: this.#store.size?.entries,
      bytes: this.#store.size?.bytes,
    }
  }

  keyOf(call: Call, method: string, path: string): CacheKey {
    return { origin: this.#origin, method, path, headers: call.headers }
  }

  /** What is kept for a request. A response to a call without some header of this one may be about something else. */
  find(
    key: CacheKey,
    varies: VariantHeaders,
  ): StoredResponse | undefined | Promise<StoredResponse | undefined> {
    const found = this.#store.get(key)
    if (!(found instanceof Promise)) return fits(found, varies)
    return found.then((stored) => fits(stored, varies))
  }

  /** Keeps the answer to `key`, if that is allowed. */
  keep(key: CacheKey, { received }: Answer, rules: KeepRules): void {
    const { status, body } = received
    // Not the dependency's word.
    if (received.headers[chaosHeader] !== undefined) return
    const varies: Record<string, string | null> = { ...absent, ...rules.varies }
    if (key.headers?.accept !== undefined) varies.accept = String(key.headers.accept)
    const kept = key.method === 'HEAD' ? received.headers : withoutCoding(received.headers)
    const response = { status, headers: kept }
    const { value, outdated } = this.#policy.judge(key, response, { ...rules, varies })
    if (outdated.length > 0) this.#store.delete(key)
    if (value !== undefined) this.#store.put(key, value, Buffer.isBuffer(body) ? body : Buffer.alloc(0))
  }

  /** Drops what a write has changed, by RFC 9111, 4.4; returns the paths. */
  wrote(key: CacheKey, status: number, headers: ResponseHeaders): readonly string[] {
    const { outdated } = this.#policy.judge(key, { status, headers })
    for (const path of outdated) this.#store.delete({ ...key, path })
    return outdated
  }

  drop(key: CacheKey): void {
    this.#store.delete(key)
  }

  close(): void {
    this.#store.close()
  }
}

interface KeepRules {
  readonly staleIfErrorMs: number
  readonly varies: VariantHeaders
}

function fits(stored: StoredResponse | undefined, varies: VariantHeaders): StoredResponse | undefined {
  if (stored === undefined) return undefined
  const { vary } = stored.value
  for (const name in varies) if (vary === undefined || !(name in vary)) return undefined
  return stored
}

/** The body has been decoded, and says itself how long it is. */
function withoutCoding(headers: ResponseHeaders): ResponseHeaders {
  const { 'content-encoding': _, 'content-length': __, ...kept } = headers
  return kept
}
