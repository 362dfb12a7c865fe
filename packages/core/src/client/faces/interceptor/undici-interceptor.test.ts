import { once } from 'node:events'
import { createServer } from 'node:http'
import { Readable, Writable } from 'node:stream'
import {
  Agent,
  type Dispatcher,
  interceptors,
  MockAgent,
  Pool,
  FormData as UndiciFormData,
  fetch as undiciFetch,
} from 'undici'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { failureOf, openAgent } from '../../../../test/fixtures/faces.js'
import {
  answer,
  type Behaviour,
  cycle,
  delay,
  drip,
  faultServer,
  hangUp,
  oversize,
  redirect,
  stall,
} from '../../../testing.js'
import type { InterceptorOptions } from './interceptor-options.js'
import { undiciInterceptor } from './undici-interceptor.js'

const ok = answer(200, { body: 'ok' })
const flaky = cycle([answer(503, { body: 'no' }), ok])

async function get(
  dispatcher: Dispatcher,
  origin: string,
  options: Partial<Dispatcher.RequestOptions> = {},
): Promise<[number, string]> {
  const { statusCode, body } = await dispatcher.request({ origin, path: '/', method: 'GET', ...options })
  return [statusCode, await body.text()]
}

/** An agent with other interceptors around ours, or below it. */
function composed(
  options: InterceptorOptions,
  order: 'around' | 'below',
  other: Dispatcher.DispatcherComposeInterceptor,
) {
  const ours = undiciInterceptor({ retry: { baseMs: 1, maxMs: 1 }, ...options })
  const agent = new Agent()
  onTestFinished(async () => {
    await agent.destroy()
    await ours.$close()
  })
  return order === 'around' ? agent.compose(ours, other) : agent.compose(other, ours)
}

describe('every way of making a request', () => {
  it('request', async () => {
    await using server = await faultServer({ routes: { '*': flaky } })
    expect(await get(openAgent().agent, server.url)).toEqual([200, 'ok'])
  })

  it('request of a Pool, which does not name its origin', async () => {
    await using server = await faultServer({ routes: { '*': flaky } })
    const interceptor = undiciInterceptor({ retry: { baseMs: 1 } })
    const pool = new Pool(server.url)
    const { statusCode, body } = await pool.compose(interceptor).request({ path: '/', method: 'GET' })
    expect([statusCode, await body.text()]).toEqual([200, 'ok'])
    await pool.destroy()
    await interceptor.$close()
  })

  it('stream', async () => {
    await using server = await faultServer({ routes: { '*': flaky } })
    const chunks: Buffer[] = []
    await openAgent().agent.stream({ origin: server.url, path: '/', method: 'GET' }, ({ statusCode }) => {
      expect(statusCode).toBe(200)
      return new Writable({
        write: (chunk, _, done) => {
          chunks.push(chunk)
          done()
        },
      })
    })
    expect(Buffer.concat(chunks).toString()).toBe('ok')
  })

  it('pipeline', async () => {
    await using server = await faultServer({ routes: { '*': ok }, recordBodies: true })
    const duplex = openAgent().agent.pipeline(
      { origin: server.url, path: '/', method: 'PUT' },
      ({ body }) => body,
    )
    duplex.end('sent')
    const chunks = await duplex.toArray()
    expect([Buffer.concat(chunks).toString(), String(server.requests[0]?.body)]).toEqual(['ok', 'sent'])
  })

  it.each([
    ['the global fetch', fetch],
    ["undici's fetch", undiciFetch],
  ])('%s', async (_, call) => {
    await using server = await faultServer({ routes: { '/stall': stall(), '*': flaky } })
    const { agent } = openAgent()
    const fetchWith = call as unknown as (url: string, init: object) => Promise<Response>
    const response = await fetchWith(server.url, { dispatcher: agent })
    expect([response.status, await response.text()]).toEqual([200, 'ok'])
    const { agent: hasty } = openAgent({ timeoutMs: 150 })
    const failure = await failureOf(fetchWith(`${server.url}/stall`, { dispatcher: hasty }))
    expect(failure.cause).toMatchObject({ code: 'DEADLINE_EXCEEDED' })
    const signal = AbortSignal.timeout(30)
    expect((await failureOf(fetchWith(`${server.url}/stall`, { dispatcher: agent, signal }))).name).toBe(
      'TimeoutError',
    )
  })

  it('of a MockAgent', async () => {
    const interceptor = undiciInterceptor({ retry: { baseMs: 1 } })
    const mock = new MockAgent()
    mock.disableNetConnect()
    const pool = mock.get('http://orders')
    pool.intercept({ path: '/' }).reply(503, 'no')
    pool.intercept({ path: '/' }).reply(200, 'ok')
    expect(await get(mock.compose(interceptor), 'http://orders')).toEqual([200, 'ok'])
    await interceptor.$close()
  })

  it('an upgrade passes untouched', async () => {
    const server = createServer().on('upgrade', (_, socket) => {
      socket.end('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n')
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => void server.close())
    const { port } = server.address() as { port: number }
    const { agent, interceptor } = openAgent()
    const { socket } = await agent.upgrade({
      origin: `http://127.0.0.1:${port}`,
      path: '/',
      protocol: 'x',
    } as never)
    socket.destroy()
    expect(interceptor.$stats().origins).toEqual([])
  })
})

describe('with undici interceptors', () => {
  it.each(['around', 'below'] as const)('redirect %s it', async (order) => {
    await using server = await faultServer({ routes: { '/': redirect({ to: '/b' }), '/b': flaky } })
    const agent = composed({}, order, interceptors.redirect({ maxRedirections: 3 }))
    const { statusCode, body, context } = await agent.request({
      origin: server.url,
      path: '/',
      method: 'GET',
    })
    expect([statusCode, await body.text()]).toEqual([200, 'ok'])
    expect((context as { history: URL[] }).history.map(({ pathname }) => pathname).at(-1)).toBe('/b')
  })

  it.each(['around', 'below'] as const)('dump %s it', async (order) => {
    await using server = await faultServer({ routes: { '*': flaky } })
    expect((await get(composed({}, order, interceptors.dump()), server.url))[0]).toBe(200)
  })

  it.each([
    ['around', 'UND_ERR_RESPONSE'],
    ['below', 'HTTP_STATUS'],
  ] as const)('responseError %s it', async (order, code) => {
    await using server = await faultServer({ routes: { '/flaky': flaky, '*': answer(503) } })
    const agent = composed({}, order, interceptors.responseError())
    expect(await get(agent, server.url, { path: '/flaky' })).toEqual([200, 'ok'])
    expect(await failureOf(get(agent, server.url))).toMatchObject({ code })
    expect(server.requests).toHaveLength(5)
  })

  it('a failure that another interceptor throws comes back as it is', async () => {
    await using server = await faultServer({ routes: { '*': redirect() } })
    const around = interceptors.redirect({ maxRedirections: 1, throwOnMaxRedirect: true } as never)
    const failure = await failureOf(get(composed({}, 'around', around), server.url))
    expect(failure.message).not.toMatch(/holdfast/i)
    expect(server.requests.length).toBeLessThanOrEqual(2)
  })
})

describe('retries', () => {
  it.each([
    ['PUT with text', { method: 'PUT', body: 'x' }, 200],
    ['PUT with a Buffer', { method: 'PUT', body: Buffer.from('x') }, 200],
    ['PUT with a form', { method: 'PUT', body: new UndiciFormData() }, 200],
    ['POST', { method: 'POST', body: 'x' }, 503],
    ['POST that says it may', { method: 'POST', body: 'x', idempotent: true }, 200],
    ['GET that says it may not', { idempotent: false }, 503],
    ['POST with a key', { method: 'POST', body: 'x', headers: { 'Idempotency-Key': 'a' } }, 200],
    [
      'POST with a key in a list',
      { method: 'POST', body: 'x', headers: ['a', 'b', 'idempotency-key', 'a'] },
      200,
    ],
    [
      'POST with a key in pairs',
      { method: 'POST', body: 'x', headers: new Map([['idempotency-key', 'a']]) },
      200,
    ],
    ['PUT with a stream', { method: 'PUT', body: () => Readable.from(['x']) }, 503],
  ])('%s gets %i', async (_, options, status) => {
    await using server = await faultServer({ routes: { '*': flaky } })
    const { body } = options as { body?: unknown }
    const given = {
      ...options,
      body: typeof body === 'function' ? body() : body,
    } as Dispatcher.RequestOptions
    expect((await get(openAgent().agent, server.url, given))[0]).toBe(status)
    expect(server.requests).toHaveLength(status === 200 ? 2 : 1)
  })

  it('leave the headers as they were given', async () => {
    await using server = await faultServer({ routes: { '*': flaky } })
    const headers = Object.freeze({ 'X-Own': '1' })
    await get(openAgent().agent, server.url, { headers })
    expect(server.requests.map(({ headers }) => headers['x-own'])).toEqual(['1', '1'])
    expect(headers).toEqual({ 'X-Own': '1' })
  })

  it('that do not help end with the last answer, whole', async () => {
    const body = 'x'.repeat(1_000)
    await using server = await faultServer({
      routes: { '*': answer(503, { body, headers: { 'x-a': 'b' } }) },
    })
    const { agent } = openAgent()
    const response = await agent.request({ origin: server.url, path: '/', method: 'GET' })
    expect(response.headers['x-a']).toBe('b')
    expect([response.statusCode, await response.body.text()]).toEqual([503, body])
    expect(server.requests).toHaveLength(3)
  })

  it('drop a long answer, and pass the last one on with backpressure', async () => {
    const body = 'x'.repeat(2_000_000)
    await using server = await faultServer({ routes: { '*': answer(503, { body }) } })
    const { agent, interceptor } = openAgent()
    const [status, text] = await get(agent, server.url)
    expect([status, text.length]).toEqual([503, body.length])
    expect(server.requests).toHaveLength(3)
    await vi.waitFor(() => expect(interceptor.$stats().origins[0]?.inFlight).toBe(0))
  })

  it('hold no more than the beginning of an answer, and drop it when they are made', async () => {
    const sent: (() => number)[] = []
    await using server = await faultServer({
      routes: {
        '*': cycle([
          (_, response) => {
            const { socket } = response
            sent.push(() => socket?.bytesWritten ?? 0)
            Readable.from(Array.from({ length: 600 }, () => Buffer.alloc(65_536))).pipe(
              response.writeHead(503),
            )
          },
          stall(),
        ]),
      },
    })
    const { agent, interceptor } = openAgent({ retry: { baseMs: 200, maxMs: 200 }, random: () => 0.99 })
    const signal = AbortSignal.timeout(1_000)
    const call = failureOf(get(agent, server.url, { signal }))
    await server.received(2)
    expect(sent[0]?.()).toBeLessThan(20_000_000)
    await vi.waitFor(() => expect(interceptor.$stats().origins[0]?.inFlight).toBe(1))
    await call
  })

  it('end once something has been passed on', async () => {
    await using server = await faultServer({ routes: { '*': hangUp({ at: 'body' }) } })
    expect(await failureOf(get(openAgent().agent, server.url))).toMatchObject({
      code: 'CONNECTION_LOST',
      attempts: 1,
    })
    expect(server.requests).toHaveLength(1)
  })

  it('share a budget', async () => {
    await using server = await faultServer({ routes: { '*': answer(503) } })
    const { agent } = openAgent({ retryBudget: { maxTokens: 3, floorMs: false }, circuitBreaker: false })
    for (let call = 0; call < 10; call++) expect((await get(agent, server.url))[0]).toBe(503)
    expect(server.requests).toHaveLength(13)
  })
})

describe('an answer on its way', () => {
  it('is a success at the headers, and outlasts deadline and attempt', async () => {
    await using server = await faultServer({ routes: { '*': drip({ body: 'abcdefgh', everyMs: 30 }) } })
    const { agent, interceptor } = openAgent({ timeoutMs: 150, attemptTimeoutMs: 140, idleTimeoutMs: 5_000 })
    const { body } = await agent.request({ origin: server.url, path: '/', method: 'GET' })
    await vi.waitFor(() => expect(interceptor.$stats().origins[0]?.circuitBreaker?.successes).toBe(1))
    expect(interceptor.$stats().origins[0]?.inFlight).toBe(1)
    expect(await body.text()).toBe('abcdefgh')
    await vi.waitFor(() => expect(interceptor.$stats().origins[0]?.inFlight).toBe(0))
  })

  it('that nobody reads ends with BODY_TIMEOUT', async () => {
    await using server = await faultServer({ routes: { '*': oversize() } })
    const { agent, interceptor } = openAgent({ idleTimeoutMs: 80 })
    const { body } = await agent.request({ origin: server.url, path: '/', method: 'GET' })
    const [error] = await once(body, 'error')
    expect(error).toMatchObject({ code: 'BODY_TIMEOUT', phase: 'reading' })
    await vi.waitFor(() => expect(interceptor.$stats().origins[0]?.inFlight).toBe(0))
  })

  it('that is destroyed gives its permit back', async () => {
    await using server = await faultServer({ routes: { '*': drip({ endless: true }) } })
    const { agent, interceptor } = openAgent()
    const { body } = await agent.request({ origin: server.url, path: '/', method: 'GET' })
    body.on('error', () => undefined).destroy()
    await vi.waitFor(() => expect(interceptor.$stats().origins[0]?.inFlight).toBe(0))
  })

  it('is hedged until its headers', async () => {
    await using server = await faultServer({ routes: { '*': cycle([stall(), ok]) } })
    expect(await get(openAgent({ hedge: { delayMs: 30 } }).agent, server.url)).toEqual([200, 'ok'])
    expect(server.requests).toHaveLength(2)
  })

  it.each<[string, number, number]>([
    ['the second leg of a hedged request', 0, 1],
    ['the first leg of a hedged request', 1, 0],
  ])('does not get the error of %s while the other one may do better', async (_, slow, bad) => {
    const answers: Behaviour[] = []
    answers[slow] = [delay(120), ok]
    answers[bad] = [delay(60), answer(500, { body: 'bad' })]
    await using server = await faultServer({ routes: { '*': cycle(answers) } })
    for (const retry of [false, {}] as const) {
      const { agent } = openAgent({ hedge: { delayMs: 20 }, retry })
      expect(await get(agent, server.url)).toEqual([200, 'ok'])
    }
    expect(server.requests).toHaveLength(4)
  })

  it('gets the error of the first leg where both legs of a hedged request fail', async () => {
    const first = [delay(60), answer(500, { body: 'first' })]
    await using server = await faultServer({
      routes: { '*': cycle([first, answer(501, { body: 'second' })]) },
    })
    expect(await get(openAgent({ hedge: { delayMs: 20 } }).agent, server.url)).toEqual([500, 'first'])
  })
})

describe('$close', () => {
  it('refuses further requests', async () => {
    const { agent, interceptor } = openAgent()
    await interceptor.$close()
    expect(await failureOf(get(agent, 'http://127.0.0.1:9'))).toMatchObject({ code: 'CLOSED', attempts: 0 })
  })
})

describe('the options', () => {
  it('are refused with everything that is wrong at once', () => {
    const wrong = {
      timeoutMs: 10,
      attemptTimeoutMs: 20,
      baseUrl: 'http://x',
      auth: {},
      circuitBreaker: { openMs: -1 },
    }
    expect(() => undiciInterceptor(wrong as never)).toThrow(
      expect.objectContaining({
        code: 'CONFIG_INVALID',
        problems: expect.arrayContaining(
          ['attemptTimeoutMs', 'baseUrl', 'auth', 'circuitBreaker.openMs'].map((path) =>
            expect.objectContaining({ path }),
          ),
        ),
      }),
    )
  })
})
