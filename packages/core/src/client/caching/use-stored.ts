import type { RequestDirectives } from './request-directives.js'
import { isFresh, mayBeStale, type StoredResponse, staleWhileRevalidateMs } from './stored-response.js'

/**
 * What to do with a stored response: give it because it is `fresh`, or `stale` because the call says that this is
 * enough, or `meanwhile` because the response says so while it is asked for anew, or `ask` first.
 */
export type StoredUse = 'fresh' | 'stale' | 'meanwhile' | 'ask'

/** Decides by RFC 9111 and RFC 5861. */
export function howToUse(stored: StoredResponse, asked: RequestDirectives, now: number): StoredUse {
  const { cachedAt, staleAt } = stored.value
  if (asked.mustAsk || now - cachedAt >= asked.maxAgeMs) return 'ask'
  if (isFresh(stored, now)) return now + asked.minFreshMs < staleAt ? 'fresh' : 'ask'
  if (asked.minFreshMs > 0) return 'ask'
  // With `no-cache` a response is never used unasked, however young it is.
  if (!mayBeStale(stored.directives)) return 'ask'
  if (now < staleAt + staleWhileRevalidateMs(stored)) return 'meanwhile'
  return now < staleAt + asked.maxStaleMs ? 'stale' : 'ask'
}
