import { describe, expect, it } from 'vitest'
import { type ShopOptions, shop } from '../../../test/fixtures/shop.js'
import { createClient } from '../faces/typed/create-client.js'
import { hasSqlite } from './check-reads.js'

/** What is wrong with the options, each as `path: message`. */
function problemsOf(options: object): readonly string[] {
  try {
    void createClient(shop, { baseUrl: 'http://shop', ...options } as ShopOptions).$close()
  } catch (error) {
    return (error as { problems: { path: string; message: string }[] }).problems.map(
      ({ path, message }) => `${path}: ${message}`,
    )
  }
  return []
}

const store = { get() {}, createWriteStream() {}, delete() {} }

describe('options of cache and coalesce', () => {
  it.each<[object]>([
    [{ cache: true, coalesce: true }],
    [{ cache: false, coalesce: false }],
    [{ cache: { store: 'memory', maxBytes: 1, maxEntries: 1, maxEntryBytes: 1, staleIfErrorMs: 0 } }],
    [{ cache: { store, storeTimeoutMs: 100, maxEntryBytes: 10 } }],
    [
      {
        operations: {
          getItem: { cache: true, coalesce: { ignoreHeaders: ['x-a'] } },
          addItem: { cache: false },
        },
      },
    ],
    [
      {
        cache: true,
        operations: { peekItem: { cache: { staleIfErrorMs: 5 } }, itemVideo: { coalesce: false } },
      },
    ],
  ])('are taken: %o', (options) => {
    expect(problemsOf(options)).toEqual([])
  })

  it.each<[object, RegExp]>([
    [{ cache: 'yes' }, /^cache: must be an object of options, not 'yes'/],
    [{ cache: { maxByte: 1 } }, /^cache.maxByte: is not an option; did you mean 'maxBytes'/],
    [{ cache: { maxBytes: 0 } }, /^cache.maxBytes: must be a whole number of at least 1/],
    [{ cache: { staleIfErrorMs: -1 } }, /^cache.staleIfErrorMs: must be at least 0/],
    [{ cache: { ignoreHeaders: 'x-a' } }, /^cache.ignoreHeaders: must be a list of header names/],
    [{ cache: { ignoreHeaders: ['Authorization'] } }, /^cache.ignoreHeaders: must not name authorization/],
    [{ cache: { store: 'disk' } }, /^cache.store: must be 'memory', { sqlite: path }, or a store with get/],
    [{ cache: { store: { get() {} } } }, /^cache.store: must be 'memory'/],
    [{ cache: { store, maxBytes: 5 } }, /^cache.maxBytes: has no effect on this store/],
    [{ cache: { storeTimeoutMs: 5 } }, /^cache.storeTimeoutMs: has no effect on this store/],
    [{ coalesce: 3 }, /^coalesce: must be an object of options/],
    [{ coalesce: { wait: 3 } }, /^coalesce.wait: is not an option/],
    [
      { operations: { addItem: { cache: true } } },
      /^operations.addItem.cache: contradicts .* no safe read \(POST\)/,
    ],
    [{ operations: { addItem: { coalesce: {} } } }, /^operations.addItem.coalesce: contradicts .* \(POST\)/],
    [
      { operations: { itemVideo: { coalesce: true } } },
      /^operations.itemVideo.coalesce: contradicts response: 'stream'/,
    ],
    [
      { operations: { itemVideo: { cache: true } } },
      /^operations.itemVideo.cache: contradicts response: 'stream'/,
    ],
    [
      { operations: { getItem: { cache: { maxBytes: 5 } } } },
      /^operations.getItem.cache.maxBytes: belongs to the client/,
    ],
  ])('are refused: %o', (options, problem) => {
    const problems = problemsOf(options)
    expect(problems).toHaveLength(1)
    expect(problems[0]).toMatch(problem)
  })

  it('are refused all at once', () => {
    const problems = problemsOf({ cache: { maxBytes: 0, x: 1 }, coalesce: 1, timeoutMs: -1 })
    expect(problems).toHaveLength(4)
  })

  it('that ask for SQLite are refused where Node has none, and where it is no path', () => {
    const problems = problemsOf({ cache: { store: { sqlite: 1, mode: 'x' }, maxBytes: 5 } })
    expect(problems).toEqual([
      "cache.store.sqlite: must be the path of a file, or ':memory:', not 1",
      'cache.store.mode: is not an option; the option is sqlite',
      ...(hasSqlite()
        ? []
        : [
            `cache.store: needs node:sqlite, which Node ${process.versions.node} does not offer; ` +
              'Node 22.13 and later have it, and 22.5 with --experimental-sqlite',
          ]),
      'cache.maxBytes: has no effect on this store; leave it out',
    ])
  })
})
