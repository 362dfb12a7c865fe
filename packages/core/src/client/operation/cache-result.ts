/** How a call was answered: from the cache, past it, or by it with the dependency's help. */
export type CacheResult = 'hit' | 'miss' | 'revalidated' | 'stale' | 'bypass'

/** What a client's cache has done, and holds. */
export interface CacheStats {
  /** Answered without a request. */
  readonly hits: number
  /** Answered by the dependency. */
  readonly misses: number
  /** Answered from the cache after the dependency said that it is still right. */
  readonly revalidated: number
  /** Answered from the cache although it was stale: because the dependency failed, or while it was asked anew. */
  readonly stale: number
  /** Calls whose own headers asked for no cache, or for part of a response, or on a condition. */
  readonly bypassed: number
  /** How often the store failed. */
  readonly failures: number
  /** Responses in memory; `undefined` of another store. */
  readonly entries: number | undefined
  readonly bytes: number | undefined
}
