import { cacheStores } from 'undici'
import { ConfigInvalidError } from '../../foundation/errors/index.js'
import { type CacheOptions, type CacheStore, cacheDefaults } from '../options/cache-options.js'
import { ForeignStore } from './foreign-store.js'
import { MemoryStore } from './memory-store.js'
import type { ResponseStore } from './stored-response.js'

/**
 * Opens what a client keeps responses in; the options have been checked.
 *
 * @throws {ConfigInvalidError} `CONFIG_INVALID` when the SQLite file cannot be opened.
 */
export function openStore(
  subject: string,
  options: CacheOptions,
  onFailure: (error: unknown) => void,
): ResponseStore {
  const {
    maxBytes,
    maxEntries,
    maxEntryBytes,
    storeTimeoutMs,
    store = 'memory',
  } = { ...cacheDefaults, ...options }
  if (store === 'memory') return new MemoryStore({ maxBytes, maxEntries, maxEntryBytes })
  const foreign = { maxEntryBytes, timeoutMs: storeTimeoutMs, onFailure }
  if (!isSqlite(store)) return new ForeignStore(store, { ...foreign, close: undefined })
  const opened = openSqlite(subject, { location: store.sqlite, maxCount: maxEntries })
  return new ForeignStore(opened as CacheStore, { ...foreign, close: () => opened.close() })
}

function isSqlite(store: CacheStore | { readonly sqlite: string }): store is { readonly sqlite: string } {
  return 'sqlite' in store
}

function openSqlite(subject: string, options: { readonly location: string; readonly maxCount: number }) {
  try {
    return new cacheStores.SqliteCacheStore(options)
  } catch (cause) {
    const message = `cannot be opened: ${cause instanceof Error ? cause.message : String(cause)}`
    throw new ConfigInvalidError(subject, [{ path: 'cache.store.sqlite', message }], { cause })
  }
}
