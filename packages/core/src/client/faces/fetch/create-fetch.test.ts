import { gzipSync } from 'node:zlib'
import { MockAgent } from 'undici'
import { describe, expect, it, vi } from 'vitest'
import { failureOf, openFetch } from '../../../../test/fixtures/faces.js'
import {
  answer,
  brokenEncoding,
  cycle,
  drip,
  faultServer,
  gzipBomb,
  hangUp,
  oversize,
  stall,
} from '../../../testing.js'
import { createFetch } from './create-fetch.js'

const json = answer(200, { json: { id: '42' }, headers: { 'set-cookie': ['a=1', 'b=2'] } })

describe('the response', () => {
  it('is a Response of the global kind, with its url', async () => {
    await using server = await faultServer({ routes: { 'GET /orders/42': json } })
    const response = await openFetch()(`${server.url}/orders/42?x=1#part`)
    expect(response).toBeInstanceOf(Response)
    expect(response).toMatchObject({
      ok: true,
      status: 200,
      statusText: 'OK',
      redirected: false,
      type: 'basic',
    })
    expect(response.url).toBe(`${server.url}/orders/42?x=1`)
    expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2'])
    expect(await response.json()).toEqual({ id: '42' })
    expect(response.bodyUsed).toBe(true)
    await expect(response.text()).rejects.toThrow(TypeError)
    expect(() => response.clone()).toThrow(TypeError)
  })

  it.each(['json', 'text', 'arrayBuffer', 'blob', 'bytes'] as const)(
    'gives what fetch gives by %s()',
    async (kind) => {
      await using server = await faultServer({
        routes: {
          '*': answer(200, { body: '\ufeff{"a":"\u00e4"}', headers: { 'content-type': 'application/json' } }),
        },
      })
      const read = async (response: Response) => {
        if (kind !== 'bytes') return response[kind]()
        return new Uint8Array(await response.arrayBuffer())
      }
      const ours = await openFetch()(server.url)
      const mine =
        kind === 'bytes' ? await (ours as unknown as { bytes(): unknown }).bytes() : await read(ours)
      const theirs = await read(await fetch(server.url))
      expect(mine).toEqual(theirs)
      expect(ours.bodyUsed).toBe(true)
    },
  )

  it('has a body to stream, a clone, and a form', async () => {
    await using server = await faultServer({
      routes: {
        '/form': answer(200, {
          body: 'a=1',
          headers: { 'content-type': 'application/x-www-form-urlencoded' },
        }),
        '*': json,
      },
    })
    const call = openFetch()
    const streamed = await call(server.url)
    const chunks: Uint8Array[] = []
    for await (const chunk of streamed.body ?? []) chunks.push(chunk)
    expect(Buffer.concat(chunks).toString()).toBe('{"id":"42"}')
    expect(streamed.bodyUsed).toBe(true)
    const first = await call(server.url)
    const copy = first.clone()
    expect([copy.url, copy.type, copy.status]).toEqual([first.url, 'basic', 200])
    expect([await first.text(), await copy.text()]).toEqual(['{"id":"42"}', '{"id":"42"}'])
    expect((await (await call(`${server.url}/form`)).formData()).get('a')).toBe('1')
  })

  it.each([204, 304])('%i has no body', async (status) => {
    await using server = await faultServer({ routes: { '*': answer(status) } })
    const response = await openFetch()(server.url)
    expect([response.status, response.body, await response.text(), response.bodyUsed]).toEqual([
      status,
      null,
      '',
      false,
    ])
  })

  it('of HEAD has headers only', async () => {
    await using server = await faultServer({
      routes: { '*': answer(200, { body: 'x'.repeat(100_000), headers: { 'content-encoding': 'gzip' } }) },
    })
    const response = await openFetch()(server.url, { method: 'HEAD' })
    expect(response.body).toBeNull()
    expect(response.headers.get('content-length')).toBe('100000')
  })

  it.each([404, 429, 500, 503])('%i is a response, the last one', async (status) => {
    await using server = await faultServer({ routes: { '*': answer(status, { body: 'no' }) } })
    const response = await openFetch()(server.url)
    expect([response.status, await response.text()]).toEqual([status, 'no'])
    expect(server.requests).toHaveLength(status === 429 || status === 503 ? 3 : 1)
  })

  it('is decompressed, and says nothing of how it was sent', async () => {
    const body = gzipSync('{"id":"42"}')
    await using server = await faultServer({
      routes: { '*': answer(200, { body, headers: { 'content-encoding': 'gzip' } }) },
    })
    const response = await openFetch()(server.url)
    expect(await response.json()).toEqual({ id: '42' })
    expect([response.headers.get('content-encoding'), response.headers.get('content-length')]).toEqual([
      null,
      null,
    ])
    expect(server.requests[0]?.headers).toMatchObject({
      accept: '*/*',
      'accept-encoding': 'gzip, deflate, br',
      'user-agent': 'node',
    })
  })

  it('with a status or headers that no Response can have is PROTOCOL_ERROR', async () => {
    await using server = await faultServer({
      routes: { '*': (_, response) => response.writeHead(799).end() },
    })
    expect(await failureOf(openFetch()(server.url))).toMatchObject({ code: 'PROTOCOL_ERROR' })
    const mock = new MockAgent()
    mock.disableNetConnect()
    mock
      .get('http://orders')
      .intercept({ path: '/' })
      .reply(200, 'ok', { headers: { 'x-a': 'a\nb' } })
    const call = createFetch({ dispatcher: mock })
    expect(await failureOf(call('http://orders'))).toMatchObject({ code: 'PROTOCOL_ERROR' })
    await call.$close()
  })

  it('keeps the bytes of headers that are not ASCII', async () => {
    await using server = await faultServer({
      routes: {
        '*': (_, response) =>
          response.setHeader('x-name', Buffer.from('Ł').toString('latin1')).end(Buffer.from('ok')),
      },
    })
    const ours = await openFetch()(server.url)
    expect(ours.headers.get('x-name')).toBe(Buffer.from('Ł').toString('latin1'))
  })
})

describe('a long body', () => {
  it('is streamed with backpressure, and whole', async () => {
    await using server = await faultServer({
      routes: { '*': oversize({ bytes: 3_000_000, announced: true }) },
    })
    expect((await (await openFetch()(server.url)).arrayBuffer()).byteLength).toBe(3_000_000)
  })

  it('that drips for ever ends with the deadline', async () => {
    await using server = await faultServer({ routes: { '*': drip({ endless: true }) } })
    const call = openFetch({ timeoutMs: 300 })
    const response = await call(server.url)
    expect(await failureOf(response.text())).toMatchObject({
      code: 'DEADLINE_EXCEEDED',
      phase: 'reading',
      dependency: new URL(server.url).host,
      attempts: 1,
    })
    await vi.waitFor(() => expect(call.$stats().origins[0]?.inFlight).toBe(0))
  })

  it('that nobody reads gives its permit back', async () => {
    await using server = await faultServer({ routes: { '*': oversize({ bytes: 5_000_000 }) } })
    const call = openFetch({ idleTimeoutMs: 80, timeoutMs: false })
    await call(server.url)
    expect(call.$stats().origins[0]?.inFlight).toBe(1)
    await vi.waitFor(() => expect(call.$stats().origins[0]?.inFlight).toBe(0))
  })

  it('that is cancelled gives its permit back, and its connection up', async () => {
    await using server = await faultServer({ routes: { '*': drip({ endless: true }) } })
    const call = openFetch()
    await (await call(server.url)).body?.cancel()
    await vi.waitFor(() => expect(call.$stats().origins[0]?.inFlight).toBe(0))
  })

  it("fails with the caller's own reason when it is aborted", async () => {
    await using server = await faultServer({ routes: { '*': drip({ endless: true }) } })
    const response = await openFetch()(server.url, { signal: AbortSignal.timeout(60) })
    expect((await failureOf(response.text())).name).toBe('TimeoutError')
  })

  it.each([
    ['endless', oversize()],
    ['announced', oversize({ bytes: 50_000_000, announced: true })],
    ['a gzip bomb', gzipBomb(200 * 1024 * 1024)],
  ])('that is too large is stopped: %s', async (_, fault) => {
    await using server = await faultServer({ routes: { '*': fault } })
    const call = openFetch({ maxResponseBytes: 1_000_000 })
    const failure = await failureOf(call(server.url).then((response) => response.text()))
    expect(failure).toMatchObject({ code: 'RESPONSE_TOO_LARGE', phase: 'reading' })
  })

  it.each(['truncated-gzip', 'corrupt-gzip', 'not-gzip', 'long-chain'] as const)(
    'that cannot be decoded is an error: %s',
    async (name) => {
      await using server = await faultServer({ routes: { '*': brokenEncoding(name) } })
      const failure = await failureOf(openFetch()(server.url).then((response) => response.text()))
      expect(failure).toMatchObject({ code: 'PROTOCOL_ERROR' })
    },
  )
})

describe('the policies', () => {
  it('cover a short body with retries', async () => {
    await using server = await faultServer({ routes: { '*': cycle([hangUp({ at: 'body' }), json]) } })
    expect(await (await openFetch()(server.url)).json()).toEqual({ id: '42' })
  })

  it('are kept for each origin', async () => {
    await using bad = await faultServer({ routes: { '*': answer(503) } })
    await using good = await faultServer({ routes: { '*': json } })
    const call = openFetch({ retry: false, circuitBreaker: { minimumCalls: 3 } })
    const opened = vi.fn()
    call.$on('open', opened)
    for (let index = 0; index < 3; index++) await call(bad.url)
    expect(await failureOf(call(bad.url))).toMatchObject({ code: 'CIRCUIT_OPEN' })
    expect((await call(good.url)).status).toBe(200)
    expect(opened).toHaveBeenCalledWith(
      expect.objectContaining({ dependency: new URL(bad.url).host, origin: bad.url }),
    )
    expect(
      call.$stats().origins.map(({ origin, circuitBreaker }) => [origin, circuitBreaker?.state]),
    ).toEqual([
      [bad.url, 'open'],
      [good.url, 'closed'],
    ])
  })

  it('hedge what may be sent twice', async () => {
    await using server = await faultServer({ routes: { '*': cycle([stall(), json]) } })
    const call = openFetch({ hedge: { delayMs: 30 } })
    expect((await call(server.url)).status).toBe(200)
    expect(server.requests).toHaveLength(2)
  })

  it('leave a local shortage out of the account of the peer', async () => {
    const error = Object.assign(new Error('too many open files'), { code: 'EMFILE' })
    const dispatcher = {
      dispatch: (_: unknown, handler: { onResponseError(controller: null, error: Error): void }) => {
        handler.onResponseError(null, error)
        return true
      },
    }
    const call = createFetch({ dispatcher: dispatcher as never, circuitBreaker: { minimumCalls: 1 } })
    expect(await failureOf(call('http://orders'))).toMatchObject({ code: 'LOCAL_RESOURCE', attempts: 1 })
    expect(call.$stats().origins[0]?.circuitBreaker).toMatchObject({ state: 'closed', failures: 0 })
    await call.$close()
  })

  it('ask the fallback for failures and for failed answers, not for a 404', async () => {
    await using server = await faultServer({ routes: { '/none': answer(404), '*': answer(503) } })
    const seen: unknown[] = []
    const call = openFetch({
      retry: false,
      fallback: (error, request) => {
        seen.push([error.code, request])
        return Response.json('stand-in')
      },
    })
    expect(await (await call(`${server.url}/a`)).json()).toBe('stand-in')
    expect((await call(`${server.url}/none`)).status).toBe(404)
    await server.refuse()
    expect(await (await call(`${server.url}/b`, { method: 'POST' })).json()).toBe('stand-in')
    expect(seen).toEqual([
      ['HTTP_STATUS', { url: `${server.url}/a`, method: 'GET' }],
      ['CONNECT_FAILED', { url: `${server.url}/b`, method: 'POST' }],
    ])
  })

  it('work with a dispatcher of the user', async () => {
    const mock = new MockAgent()
    mock.disableNetConnect()
    mock.get('http://orders').intercept({ path: '/42' }).reply(200, { id: '42' })
    const call = createFetch({ dispatcher: mock, baseUrl: 'http://orders' })
    expect(await (await call('/42')).json()).toEqual({ id: '42' })
    await call.$close()
  })
})

describe('$close', () => {
  it('waits for calls in flight and refuses others', async () => {
    await using server = await faultServer({ routes: { '*': drip({ body: 'ok', everyMs: 20 }) } })
    const call = openFetch()
    const pending = call(server.url).then((response) => response.text())
    await server.received(1)
    const closed = call.$close()
    expect(await failureOf(call(server.url))).toMatchObject({ code: 'CLOSED' })
    expect(await pending).toBe('ok')
    await closed
    expect(call[Symbol.asyncDispose]).toBeTypeOf('function')
  })
})

describe('the options', () => {
  it('are refused with everything that is wrong at once', () => {
    const wrong = {
      timeoutMs: -1,
      retry: { maxAttempts: 0 },
      bulkhead: { maxConcurrent: 0 },
      baseUrl: 'ftp://x',
      fallback: 'none',
      auth: {},
      retires: 3,
      headers: { connection: 'close' },
    }
    const problems: string[] = []
    try {
      createFetch(wrong as never)
    } catch (error) {
      const { code, problems: found } = error as { code: string; problems: { path: string }[] }
      expect(code).toBe('CONFIG_INVALID')
      problems.push(...found.map(({ path }) => path))
    }
    expect(problems.sort()).toEqual([
      'auth',
      'baseUrl',
      'bulkhead.maxConcurrent',
      'fallback',
      'headers.connection',
      'retires',
      'retry.maxAttempts',
      'timeoutMs',
    ])
  })

  it('have no endpoints: each origin is its own', () => {
    expect(() => createFetch({ endpoints: [] } as never)).toThrow(/endpoints: is not an option/)
  })

  it('take one limit', () => {
    expect(() => createFetch({ adaptiveConcurrency: {}, bulkhead: {} })).toThrow(/contradicts bulkhead/)
  })

  it.each(['auth', 'tls'])('%s is not built yet', (name) => {
    expect(() => createFetch({ [name]: {} })).toThrow(/not available in this version/)
  })

  it('refuse an unknown event', () => {
    expect(() => openFetch().$on('opened' as never, () => {})).toThrow(/is not an event/)
  })
})
