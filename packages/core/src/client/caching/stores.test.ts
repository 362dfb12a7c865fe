import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable, Writable } from 'node:stream'
import { cacheStores } from 'undici'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { item, openShop, shopServer } from '../../../test/fixtures/shop.js'
import type { CacheEntry, CacheKey, CacheStore, CacheValue } from '../options/cache-options.js'
import { hasSqlite } from '../settings/check-reads.js'

const fresh = () => shopServer(item({ 'cache-control': 'max-age=60' }))

/** A store elsewhere: what it gives is a promise, and its bodies are streams. */
function remoteStore(answer: <Value>(value: Value) => Promise<Value> = async (value) => value) {
  const entries = new Map<string, { value: CacheValue; body: Buffer }>()
  const at = ({ method, path }: CacheKey) => `${method} ${path}`
  const store: CacheStore = {
    get(key) {
      const found = entries.get(at(key))
      const entry: CacheEntry | undefined = found && { ...found.value, body: Readable.from([found.body]) }
      return answer(entry)
    },
    createWriteStream(key, value) {
      const chunks: Buffer[] = []
      return new Writable({
        write(chunk, _, done) {
          chunks.push(chunk)
          done()
        },
        final(done) {
          entries.set(at(key), { value, body: Buffer.concat(chunks) })
          done()
        },
      })
    },
    async delete({ path }) {
      for (const key of [...entries.keys()]) if (key.endsWith(` ${path}`)) entries.delete(key)
    },
  }
  return { store, entries }
}

const written = () => new Promise(setImmediate)

describe('a store of your own', () => {
  it('is read and written, and outdated by writes', async () => {
    const { store, entries } = remoteStore()
    const server = await fresh()
    const client = openShop(server, { cache: { store } })
    await client.getItem({ id: 'a' })
    await written()
    expect(await client.getItem.safe({ id: 'a' })).toMatchObject({ cache: 'hit', data: { serial: 1 } })
    expect([...entries.keys()]).toEqual(['GET /items/a'])
    await client.changeItem({ id: 'a', name: 'new' })
    expect(await client.getItem.safe({ id: 'a' })).toMatchObject({ cache: 'miss', data: { serial: 3 } })
  })

  it('may be undici’s, and shared by clients', async () => {
    const store = new cacheStores.MemoryCacheStore()
    const server = await fresh()
    await openShop(server, { cache: { store } }).getItem({ id: 'a' })
    await written()
    const other = openShop(server, { cache: { store } })
    expect(await other.getItem.safe({ id: 'a' })).toMatchObject({ cache: 'hit' })
    expect(other.$stats().cache).toMatchObject({ entries: undefined, bytes: undefined })
  })

  it('is kept apart by the headers of the clients that share it', async () => {
    const store = new cacheStores.MemoryCacheStore()
    const server = await fresh()
    await openShop(server, { cache: { store }, headers: { 'x-tenant': 'eu' } }).getItem({ id: 'a' })
    await written()
    const other = openShop(server, { cache: { store }, headers: { 'x-tenant': 'us' } })
    expect(await other.getItem.safe({ id: 'a' })).toMatchObject({ cache: 'miss', data: { serial: 2 } })
  })

  it.each<[string, () => CacheStore]>([
    [
      'throws',
      () =>
        broken(() => {
          throw new Error('locked')
        }),
    ],
    ['rejects', () => broken(() => Promise.reject(new Error('lost')))],
    ['hangs', () => remoteStore(() => new Promise(() => {})).store],
  ])('that %s fails no call, and is left alone for a while', async (_, make) => {
    const server = await fresh()
    const store = make()
    const get = vi.spyOn(store, 'get')
    const client = openShop(server, { cache: { store, storeTimeoutMs: 20 } })
    const errors: unknown[] = []
    client.$on('cacheError', ({ error }) => errors.push(error))
    expect(await client.getItem.safe({ id: 'a' })).toMatchObject({ cache: 'miss', data: { serial: 1 } })
    expect(await client.getItem.safe({ id: 'a' })).toMatchObject({ cache: 'miss', data: { serial: 2 } })
    expect(get).toHaveBeenCalledTimes(1)
    await client.changeItem({ id: 'a', name: 'new' })
    expect(errors.length).toBeGreaterThanOrEqual(1)
    expect(client.$stats().cache?.failures).toBe(errors.length)
  })
})

function broken(fail: () => never | Promise<never>): CacheStore {
  return { get: fail, createWriteStream: fail as () => never, delete: fail }
}

// What Node 20 says in place of this is tested with the other options that are refused.
if (hasSqlite()) {
  describe('an SQLite file', () => {
    it('outlives the client', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'holdfast-cache-'))
      onTestFinished(() => rmSync(folder, { recursive: true }))
      const store = { sqlite: join(folder, 'cache.db') }
      const server = await fresh()
      const first = openShop(server, { cache: { store } })
      await first.getItem({ id: 'a' })
      await written()
      await first.$close()
      const second = openShop(server, { cache: { store } })
      expect(await second.getItem.safe({ id: 'a' })).toMatchObject({ cache: 'hit', data: { serial: 1 } })
      await second.changeItem({ id: 'a', name: 'new' })
      expect(await second.getItem.safe({ id: 'a' })).toMatchObject({ cache: 'miss' })
    })

    it('that cannot be opened is refused when the client is made', async () => {
      const server = await fresh()
      expect(() => openShop(server, { cache: { store: { sqlite: '/nowhere/at/all.db' } } })).toThrow(
        /cache.store.sqlite: cannot be opened/,
      )
    })
  })
}
