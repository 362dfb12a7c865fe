import { describe, expect, it, vi } from 'vitest'
import { failureOf } from '../../../test/fixtures/orders.js'
import { item, openShop, shopServer, testClock } from '../../../test/fixtures/shop.js'
import { chaos } from '../../policies/index.js'
import { runWithContext } from '../../telemetry/context/index.js'
import type { ChaosAttempt } from '../slots/chaos.js'

describe('a cached read', () => {
  it('is answered without a request while it is fresh, with its age', async () => {
    const clock = testClock()
    const server = await shopServer(item({ 'cache-control': 'max-age=60' }))
    const client = openShop(server)
    expect(await client.getItem.safe({ id: 'a' })).toMatchObject({ cache: 'miss', data: { serial: 1 } })
    clock.pass(59)
    const second = await client.getItem.safe({ id: 'a' })
    expect(second).toMatchObject({ ok: true, status: 200, cache: 'hit', data: { serial: 1 } })
    expect(second).toMatchObject({ headers: { age: '59', 'content-type': 'application/json' } })
    clock.pass(2)
    expect(await client.getItem.safe({ id: 'a' })).toMatchObject({ cache: 'miss', data: { serial: 2 } })
    expect(server.seen).toHaveLength(2)
    expect(client.$stats().cache).toMatchObject({ hits: 1, misses: 2, entries: 1 })
  })

  it('gives every caller data and headers of its own', async () => {
    const server = await shopServer(item({ 'cache-control': 'max-age=60' }))
    const client = openShop(server)
    const answers = [await client.getItem({ id: 'a' }), await client.getItem({ id: 'a' })]
    Object.assign(answers[0] as object, { id: 'changed' })
    Object.assign(answers[1] as object, { id: 'changed' })
    const third = await client.getItem.safe({ id: 'a' })
    if (third.ok) third.headers['content-type'] = 'changed'
    expect(third).toMatchObject({ data: { id: 'a' } })
    expect(await client.getItem.safe({ id: 'a' })).toMatchObject({
      headers: { 'content-type': 'application/json' },
    })
    expect(server.seen).toHaveLength(1)
  })

  it('gives bytes of its own to every caller', async () => {
    const server = await shopServer((_, response) =>
      response.setHeader('cache-control', 'max-age=60').end('image'),
    )
    const client = openShop(server)
    for (let call = 0; call < 3; call++) {
      const bytes = await client.itemImage({ id: 'a' })
      expect(bytes.toString()).toBe('image')
      bytes.fill(0)
    }
    expect(server.seen).toHaveLength(1)
  })

  it('is told apart by path, query and method', async () => {
    const server = await shopServer(item({ 'cache-control': 'max-age=60' }))
    const client = openShop(server)
    await client.getItem({ id: 'a' })
    await client.getItem({ id: 'b' })
    await client.getItem({ id: 'a', view: 'all' })
    await client.peekItem({ id: 'a' })
    expect(server.seen).toHaveLength(4)
    await client.peekItem({ id: 'a' })
    await client.getItem({ id: 'a' })
    expect(server.seen).toHaveLength(4)
  })

  it.each([
    ['no-store', { 'cache-control': 'no-store, max-age=60' }],
    ['private', { 'cache-control': 'private, max-age=60' }],
    ['a cookie', { 'cache-control': 'max-age=60', 'set-cookie': 'a=1' }],
    ['vary: *', { 'cache-control': 'max-age=60', vary: '*' }],
    ['vary by a trace', { 'cache-control': 'max-age=60', vary: 'accept, Traceparent' }],
    ['no lifetime and nothing to ask by', {}],
    ['public alone', { 'cache-control': 'public' }],
    ['a lifetime that is over', { expires: 'Sun, 01 Feb 2026 12:00:00 GMT' }],
  ])('is not kept with %s', async (_, headers) => {
    testClock()
    const server = await shopServer(item(headers as Record<string, string>))
    const client = openShop(server)
    await client.getItem({ id: 'a' })
    expect(client.$stats().cache?.entries).toBe(0)
    expect(await client.getItem({ id: 'a' })).toMatchObject({ serial: 2 })
  })

  it('guesses no lifetime: what names none is asked about every time', async () => {
    testClock()
    const server = await shopServer((request, response, serial) => {
      response.setHeader('last-modified', 'Sun, 01 Feb 2026 12:00:00 GMT')
      if (request.headers['if-modified-since'] !== undefined) response.writeHead(304).end()
      else item()(request, response, serial)
    })
    const client = openShop(server)
    await client.getItem({ id: 'a' })
    expect(await client.getItem.safe({ id: 'a' })).toMatchObject({
      cache: 'revalidated',
      data: { serial: 1 },
    })
    expect(await client.getItem.safe({ id: 'a' })).toMatchObject({
      cache: 'revalidated',
      data: { serial: 1 },
    })
    expect(server.seen).toHaveLength(3)
  })

  it('follows vary', async () => {
    const server = await shopServer(item({ 'cache-control': 'max-age=60', vary: 'accept-language' }))
    const client = openShop(server)
    const inLanguage = (language: string) =>
      client.getItem({ id: 'a' }, { headers: { 'accept-language': language } })
    expect([await inLanguage('de'), await inLanguage('fr'), await inLanguage('de')]).toMatchObject([
      { serial: 1 },
      { serial: 2 },
      { serial: 1 },
    ])
  })

  it('is kept apart by headers of contract and call, though the service forgets to vary by them', async () => {
    const server = await shopServer(item({ 'cache-control': 'max-age=60' }))
    const client = openShop(server)
    const serialOf = async (tenant?: string) => {
      const { serial } = await client.getOwnItem({ id: 'a', ...(tenant !== undefined && { tenant }) })
      return serial
    }
    // The first entry goes as soon as it shows that there are tenants.
    expect([await serialOf(), await serialOf('eu'), await serialOf('us'), await serialOf()]).toEqual([
      1, 2, 3, 4,
    ])
    expect([await serialOf('us'), await serialOf('eu'), await serialOf()]).toEqual([3, 2, 4])
    const headers = { 'x-user': 'ann' }
    expect(await client.getItem({ id: 'a' }, { headers })).toMatchObject({ serial: 5 })
    expect(await client.getItem({ id: 'a' })).not.toMatchObject({ serial: 5 })
  })

  it('is not kept apart by headers that are ignored, nor by those of the request around it', async () => {
    const server = await shopServer(item({ 'cache-control': 'max-age=60' }))
    const client = openShop(server, { cache: { ignoreHeaders: ['X-Client-Version'] } })
    await client.getItem({ id: 'a' })
    await client.getItem({ id: 'a' }, { headers: { 'x-client-version': '2', 'x-request-id': 'one' } })
    await runWithContext({ correlationId: 'order-4711', priority: 'critical' }, () =>
      client.getItem({ id: 'a' }),
    )
    expect(server.seen).toHaveLength(1)
  })

  it.each([
    ['max-age=60', 2],
    ['max-age=60, public', 1],
    ['s-maxage=60', 1],
    ['max-age=60, must-revalidate', 1],
  ])('with authorization is shared only where %s allows it', async (control, requests) => {
    const server = await shopServer(item({ 'cache-control': control }))
    const client = openShop(server)
    await client.getItem({ id: 'a' }, { headers: { authorization: 'Bearer ann' } })
    await client.getItem({ id: 'a' }, { headers: { authorization: 'Bearer ben' } })
    expect(server.seen).toHaveLength(requests)
  })

  it('is asked for anew, past or only from the cache, as the call says', async () => {
    const clock = testClock()
    const server = await shopServer(item({ 'cache-control': 'max-age=60', etag: '"1"' }))
    const client = openShop(server)
    const ask = (control: string) =>
      client.getItem.safe({ id: 'a' }, { headers: { 'cache-control': control } })
    expect(await ask('only-if-cached')).toMatchObject({ ok: false, error: { status: 504 } })
    expect(server.seen).toHaveLength(0)
    await client.getItem({ id: 'a' })
    clock.pass(10)
    expect(await ask('only-if-cached')).toMatchObject({ cache: 'hit', data: { serial: 1 } })
    expect(await ask('max-age=30')).toMatchObject({ cache: 'hit' })
    expect(await ask('min-fresh=20')).toMatchObject({ cache: 'hit' })
    expect(await ask('no-store')).toMatchObject({ cache: 'bypass', data: { serial: 2 } })
    expect(await ask('max-age=5')).toMatchObject({ cache: 'miss', data: { serial: 3 } })
    expect(await ask('min-fresh=70')).toMatchObject({ cache: 'miss', data: { serial: 4 } })
    expect(await ask('no-cache')).toMatchObject({ cache: 'miss', data: { serial: 5 } })
    clock.pass(70)
    expect(await ask('max-stale=20')).toMatchObject({ cache: 'stale', data: { serial: 5 } })
    expect(await ask('max-stale=5')).toMatchObject({ cache: 'miss', data: { serial: 6 } })
  })

  it('is not asked with the conditions of a call, whose answer is the dependency’s', async () => {
    const server = await shopServer((_, response) => response.setHeader('etag', '"1"').writeHead(304).end())
    const client = openShop(server)
    const headers = { 'if-none-match': '"1"' }
    expect(await failureOf(client.getItem({ id: 'a' }, { headers }))).toMatchObject({ status: 304 })
    expect(client.$stats().cache).toMatchObject({ bypassed: 1, entries: 0 })
  })

  it('may be an error status that says how long it holds, never one of the server', async () => {
    const clock = testClock()
    const server = await shopServer((request, response, serial) => {
      response.setHeader('cache-control', 'max-age=60')
      response.statusCode = request.url?.includes('gone') ? 404 : 500
      response.end(JSON.stringify({ reason: `asked ${serial}` }))
    })
    const client = openShop(server, { circuitBreaker: false })
    for (let call = 0; call < 2; call++) {
      expect(await failureOf(client.getItem({ id: 'gone' }))).toMatchObject({
        status: 404,
        body: { reason: 'asked 1' },
      })
    }
    clock.pass(1)
    await failureOf(client.getItem({ id: 'down' }))
    await failureOf(client.getItem({ id: 'down' }))
    expect(server.seen).toHaveLength(3)
  })

  it('is not kept when it does not match the contract', async () => {
    const server = await shopServer((_, response, serial) =>
      response
        .setHeader('cache-control', 'max-age=60')
        .end(serial === 1 ? '{"id":1}' : '{"id":"a","serial":2}'),
    )
    const client = openShop(server)
    expect(await failureOf(client.getItem({ id: 'a' }))).toMatchObject({ code: 'INVALID_RESPONSE' })
    expect(await client.getItem({ id: 'a' })).toMatchObject({ serial: 2 })
  })

  it('is kept whatever chaos makes up', async () => {
    const clock = testClock()
    const server = await shopServer(item({ 'cache-control': 'max-age=60', etag: '"1"' }))
    const faults = chaos<ChaosAttempt>({ errors: 404 })
    const client = openShop(server, { chaos: faults })
    await client.getItem({ id: 'a' })
    clock.pass(61)
    faults.enable()
    expect(await failureOf(client.getItem({ id: 'a' }))).toMatchObject({ status: 404 })
    faults.disable()
    await client.getItem({ id: 'a' })
    expect(server.seen[1]?.headers['if-none-match']).toBe('"1"')
  })

  it('needs no permit, no breaker and no quota', async () => {
    const server = await shopServer(item({ 'cache-control': 'max-age=60' }))
    const client = openShop(server, {
      bulkhead: { maxConcurrent: 1, maxQueue: 0 },
      rateLimit: { limit: 1, intervalMs: 60_000, maxQueue: 0 } as never,
    })
    await client.getItem({ id: 'a' })
    for (const breaker of client.$circuitBreakers()) breaker.isolate()
    expect(await client.getItem({ id: 'a' })).toMatchObject({ serial: 1 })
    expect(await client.getItem({ id: 'a' })).toMatchObject({ serial: 1 })
  })

  it('is a hit for all endpoints of the dependency', async () => {
    const servers = await Promise.all(
      [1, 2, 3].map(() => shopServer(item({ 'cache-control': 'max-age=60' }))),
    )
    const client = openShop(
      { url: '' },
      { baseUrl: undefined as never, endpoints: servers.map(({ url }) => url) },
    )
    for (let call = 0; call < 12; call++) await client.getItem({ id: 'a' })
    expect(servers.flatMap(({ seen }) => seen)).toHaveLength(1)
  })

  it('does not happen where it is off', async () => {
    const server = await shopServer(item({ 'cache-control': 'max-age=60' }))
    const client = openShop(server, { operations: { getItem: { cache: false } } })
    await client.getItem({ id: 'a' })
    expect(await client.getItem.safe({ id: 'a' })).toMatchObject({ data: { serial: 2 }, cache: undefined })
    await client.getOwnItem({ id: 'a' })
    expect(await client.getOwnItem.safe({ id: 'a' })).toMatchObject({ cache: 'hit' })
    const without = openShop(server, { cache: false })
    expect(without.$stats()).not.toHaveProperty('cache')
  })

  it('is closed with the client', async () => {
    const server = await shopServer(item({ 'cache-control': 'max-age=60' }))
    const client = openShop(server)
    await client.getItem({ id: 'a' })
    await client.$close()
    expect(client.$stats().cache).toMatchObject({ entries: 0, bytes: 0 })
    expect(await failureOf(client.getItem({ id: 'a' }))).toMatchObject({ code: 'CLOSED' })
  })
})

describe('a HEAD', () => {
  it.each([
    ['max-age=60', 'hit', 1],
    ['no-cache', 'revalidated', 2],
    ['no-cache, max-age=60', 'revalidated', 2],
  ])('with %s keeps the length of the body that it asks about', async (control, cache, requests) => {
    const server = await shopServer((request, response) => {
      if (request.headers['if-none-match'] !== undefined) response.writeHead(304, { etag: '"1"' }).end()
      else response.writeHead(200, { 'content-length': 4321, etag: '"1"', 'cache-control': control }).end()
    })
    const client = openShop(server)
    await client.peekItem({ id: 'a' })
    expect(await client.peekItem.safe({ id: 'a' })).toMatchObject({
      cache,
      headers: { 'content-length': '4321' },
    })
    expect(server.seen).toHaveLength(requests)
  })
})

describe('a stale response', () => {
  it('is asked about, and fresh again when it is still right', async () => {
    const clock = testClock()
    const server = await shopServer((request, response, serial) => {
      response.setHeader('etag', 'W/"1"').setHeader('cache-control', 'max-age=60')
      if (request.headers['if-none-match'] === 'W/"1"')
        response.setHeader('x-seen', serial).writeHead(304).end()
      else response.end(JSON.stringify({ id: 'a', serial }))
    })
    const client = openShop(server)
    await client.getItem({ id: 'a' })
    clock.pass(61)
    const second = await client.getItem.safe({ id: 'a' })
    expect(second).toMatchObject({ status: 200, cache: 'revalidated', data: { serial: 1 } })
    expect(second).toMatchObject({ headers: { 'x-seen': '2', etag: 'W/"1"' } })
    clock.pass(59)
    expect(await client.getItem.safe({ id: 'a' })).toMatchObject({ cache: 'hit', headers: { age: '59' } })
    expect(server.seen).toHaveLength(2)
  })

  it('gives way to a new one', async () => {
    const clock = testClock()
    const server = await shopServer((request, response, serial) =>
      item({ 'cache-control': 'max-age=60', etag: `"${serial}"` })(request, response, serial),
    )
    const client = openShop(server)
    await client.getItem({ id: 'a' })
    clock.pass(61)
    expect(await client.getItem.safe({ id: 'a' })).toMatchObject({ cache: 'miss', data: { serial: 2 } })
    expect(await client.getItem.safe({ id: 'a' })).toMatchObject({ cache: 'hit', data: { serial: 2 } })
    expect(server.seen[1]?.headers['if-none-match']).toBe('"1"')
  })

  it('is asked for without a condition when a 304 is about another one', async () => {
    const clock = testClock()
    const server = await shopServer((request, response, serial) => {
      response.setHeader('cache-control', 'max-age=60').setHeader('etag', `"${serial}"`)
      if (request.headers['if-none-match'] !== undefined) response.writeHead(304).end()
      else response.end(JSON.stringify({ id: 'a', serial }))
    })
    const client = openShop(server)
    await client.getItem({ id: 'a' })
    clock.pass(61)
    expect(await client.getItem.safe({ id: 'a' })).toMatchObject({ cache: 'miss', data: { serial: 3 } })
    expect(server.seen[2]?.headers).not.toHaveProperty('if-none-match')
  })

  it('answers at once where it may, and is asked for anew by one call in the background', async () => {
    const clock = testClock()
    const server = await shopServer(item({ 'cache-control': 'max-age=60, stale-while-revalidate=30' }))
    const client = openShop(server)
    await client.getItem({ id: 'a' })
    clock.pass(70)
    const calls = await Promise.all(Array.from({ length: 10 }, () => client.getItem.safe({ id: 'a' })))
    for (const call of calls) expect(call).toMatchObject({ cache: 'stale', data: { serial: 1 } })
    await vi.waitFor(async () => {
      expect(await client.getItem.safe({ id: 'a' })).toMatchObject({ cache: 'hit', data: { serial: 2 } })
    })
    expect(server.seen).toHaveLength(2)
    clock.pass(91)
    expect(await client.getItem.safe({ id: 'a' })).toMatchObject({ cache: 'miss', data: { serial: 3 } })
  })

  it('that is asked for in the background is waited for when the client closes', async () => {
    const clock = testClock()
    let answerNow = (): void => {}
    const server = await shopServer((request, response, serial) => {
      const answer = () =>
        item({ 'cache-control': 'max-age=1, stale-while-revalidate=60' })(request, response, serial)
      if (serial === 1) answer()
      else answerNow = answer
    })
    const client = openShop(server)
    await client.getItem({ id: 'a' })
    clock.pass(2)
    await client.getItem({ id: 'a' })
    await vi.waitFor(() => expect(server.seen).toHaveLength(2))
    let isClosed = false
    const closing = client.$close().then(() => {
      isClosed = true
    })
    await new Promise(setImmediate)
    expect(isClosed).toBe(false)
    answerNow()
    await closing
  })
})

describe('a write', () => {
  const writable = () =>
    shopServer((request, response, serial) => {
      if (request.method === 'POST') response.setHeader('location', '/items/a').writeHead(201).end('{}')
      else if (request.method === 'PUT') response.end('{}')
      else if (request.url === '/items') response.setHeader('cache-control', 'max-age=60').end('[]')
      else item({ 'cache-control': 'max-age=60' })(request, response, serial)
    })

  it('outdates what is kept of its path, and of the one it names', async () => {
    const server = await writable()
    const client = openShop(server)
    await client.listItems()
    await client.getItem({ id: 'a' })
    await client.getItem({ id: 'b' })
    await client.addItem({ id: 'a' })
    expect(await client.listItems.safe()).toMatchObject({ cache: 'miss' })
    expect(await client.getItem.safe({ id: 'a' })).toMatchObject({ cache: 'miss' })
    expect(await client.getItem.safe({ id: 'b' })).toMatchObject({ cache: 'hit' })
    await client.changeItem({ id: 'b', name: 'new' })
    expect(await client.getItem.safe({ id: 'b' })).toMatchObject({ cache: 'miss' })
  })

  it('that fails outdates nothing, unless it may have been done', async () => {
    const server = await shopServer((request, response, serial) => {
      if (request.method === 'GET') item({ 'cache-control': 'max-age=60' })(request, response, serial)
      else if (request.url === '/items/a') response.writeHead(409).end('{}')
      else if (request.url === '/items/c') response.writeHead(503).end('{}')
      else if (request.url === '/items/d') response.writeHead(500).end('{}')
      else request.socket.destroy()
    })
    const client = openShop(server, { retry: false })
    for (const id of ['a', 'b', 'c', 'd']) {
      await client.getItem({ id })
      await failureOf(client.changeItem({ id, name: 'new' }))
    }
    const results = await Promise.all(['a', 'b', 'c', 'd'].map((id) => client.getItem.safe({ id })))
    expect(results.map((result) => result.ok && result.cache)).toEqual(['hit', 'miss', 'hit', 'miss'])
  })

  it('keeps an answer from before it from being stored after it', async () => {
    let answerRead = (): void => {}
    const server = await shopServer((request, response, serial) => {
      const answer = () => item({ 'cache-control': 'max-age=60' })(request, response, serial)
      if (request.method === 'PUT') response.end('{}')
      else if (serial === 1) answerRead = answer
      else answer()
    })
    const client = openShop(server)
    const read = client.getItem({ id: 'a' })
    await vi.waitFor(() => expect(server.seen).toHaveLength(1))
    await client.changeItem({ id: 'a', name: 'new' })
    answerRead()
    await read
    expect(await client.getItem.safe({ id: 'a' })).toMatchObject({ cache: 'miss', data: { serial: 3 } })
  })
})
