import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import type { CacheValue } from '../options/cache-options.js'
import { MemoryStore } from './memory-store.js'

const bounds = { maxBytes: 1e6, maxEntries: 100, maxEntryBytes: 1_000 }
const hour = 3_600_000

const keyOf = (path: string, headers: Record<string, string> = {}) => ({
  origin: 'http://shop',
  method: 'GET',
  path,
  headers,
})

function keptValue(vary: CacheValue['vary'] = {}, now = Date.now()): CacheValue {
  return {
    statusCode: 200,
    statusMessage: '',
    headers: { 'content-type': 'text/plain' },
    vary,
    cacheControlDirectives: {},
    cachedAt: now,
    staleAt: now + hour,
    deleteAt: now + hour,
  }
}

const textIn = (store: MemoryStore, path: string, headers?: Record<string, string>) =>
  store.get(keyOf(path, headers))?.body.toString()

describe('a memory store', () => {
  it('keeps a copy of what it is given', () => {
    const store = new MemoryStore(bounds)
    const body = Buffer.from('text')
    store.put(keyOf('/a'), keptValue(), body)
    body.fill(0)
    expect(textIn(store, '/a')).toBe('text')
    expect(textIn(store, '/b')).toBeUndefined()
  })

  it('tells variants apart, absent headers from empty ones too', () => {
    const store = new MemoryStore(bounds)
    const put = (accept: string | undefined) => {
      const headers: Record<string, string> = accept === undefined ? {} : { accept }
      store.put(keyOf('/a', headers), keptValue({ accept: accept ?? null }), Buffer.from(`for ${accept}`))
    }
    for (const accept of ['json', '', undefined, 'text']) put(accept)
    expect(textIn(store, '/a', { accept: 'json' })).toBe('for json')
    expect(textIn(store, '/a', { accept: '' })).toBe('for ')
    expect(textIn(store, '/a')).toBe('for undefined')
    expect(textIn(store, '/a', { accept: 'image' })).toBeUndefined()
    store.delete(keyOf('/a'))
    expect(store.size).toEqual({ entries: 0, bytes: 0 })
  })

  it('lets go of what was used least recently', () => {
    const store = new MemoryStore({ ...bounds, maxEntries: 2 })
    for (const path of ['/a', '/b']) store.put(keyOf(path), keptValue(), Buffer.from(path))
    store.get(keyOf('/a'))
    store.put(keyOf('/c'), keptValue(), Buffer.from('/c'))
    expect(['/a', '/b', '/c'].map((path) => textIn(store, path))).toEqual(['/a', undefined, '/c'])
  })

  it('forgets what is over, and keeps no body that is too large', () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    const store = new MemoryStore(bounds)
    store.put(keyOf('/a'), keptValue(), Buffer.from('a'))
    store.put(keyOf('/b'), keptValue(), Buffer.alloc(1_001))
    expect(textIn(store, '/b')).toBeUndefined()
    vi.setSystemTime(Date.now() + hour)
    expect(textIn(store, '/a')).toBeUndefined()
    expect(store.size).toEqual({ entries: 0, bytes: 0 })
    vi.useRealTimers()
  })

  it('stays within its bounds, and gives nothing but what was put there last', () => {
    const path = fc.integer({ min: 0, max: 8 }).map((n) => `/${n}`)
    const language = fc.constantFrom(undefined, 'de', 'fr')
    const step = fc.oneof(
      fc.record({
        kind: fc.constant('put' as const),
        path,
        language,
        bytes: fc.integer({ min: 0, max: 1_200 }),
      }),
      fc.record({ kind: fc.constant('get' as const), path, language }),
      fc.record({ kind: fc.constant('delete' as const), path }),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const store = new MemoryStore({ maxBytes: 9_000, maxEntries: 6, maxEntryBytes: 1_000 })
        const last = new Map<string, number>()
        for (const one of steps) {
          if (one.kind === 'delete') {
            store.delete(keyOf(one.path))
            for (const at of last.keys()) if (at.startsWith(`${one.path} `)) last.delete(at)
            continue
          }
          const headers: Record<string, string> = one.language === undefined ? {} : { language: one.language }
          const at = `${one.path} ${one.language}`
          if (one.kind === 'put') {
            store.put(
              keyOf(one.path, headers),
              keptValue({ language: one.language ?? null }),
              Buffer.alloc(one.bytes),
            )
            if (one.bytes > 1_000) last.delete(at)
            else last.set(at, one.bytes)
          } else {
            const found = store.get(keyOf(one.path, headers))
            if (found !== undefined) expect(found.body.byteLength).toBe(last.get(at))
          }
          expect(store.size.entries).toBeLessThanOrEqual(6)
          expect(store.size.bytes).toBeLessThanOrEqual(9_000)
          if (store.size.entries === 0) expect(store.size.bytes).toBe(0)
        }
      }),
    )
  })
})
