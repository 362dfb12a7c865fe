import { Registry } from 'prom-client'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { factsOf, startTestSdk } from '../../../../test/fixtures/client-spans.js'
import { faces } from '../../../../test/fixtures/faces.js'
import { failureOf, type OrdersOptions, openOrders, orders } from '../../../../test/fixtures/orders.js'
import { type ChaosOption, chaos } from '../../../policies/index.js'
import { createLogger } from '../../../telemetry/logging/index.js'
import { answer, faultServer } from '../../../testing.js'
import { createClient } from '../../faces/typed/create-client.js'
import type { ChaosAttempt } from '../chaos.js'

const healthy = { routes: { '*': answer(200, { json: { id: '42' } }) } }
const noRetry = { retry: false } as const
const on = (options: Exclude<ChaosOption<ChaosAttempt>, false>) => ({ enabled: true, ...options })

/** The log of a client, as objects. */
function captured() {
  const lines: Record<string, unknown>[] = []
  const destination = { write: (line: string) => lines.push(JSON.parse(line)) }
  return { lines, logger: createLogger({ name: 'shop', level: 'info', destination, pretty: false }) }
}

async function openWith(given: ChaosOption<ChaosAttempt>, options: Partial<OrdersOptions> = {}) {
  const server = await faultServer(healthy)
  onTestFinished(() => server.close())
  return { server, client: openOrders(server, { ...noRetry, ...options, chaos: given }) }
}

describe('a client with chaos', () => {
  it.each([
    ['connection', { code: 'CONNECT_FAILED', reason: 'refused', phase: 'connecting' }],
    ['reset', { code: 'CONNECTION_LOST', phase: 'waiting' }],
    ['timeout', { code: 'ATTEMPT_TIMEOUT', phase: 'waiting' }],
    [503, { code: 'HTTP_STATUS', status: 503, declared: false, retryable: true }],
    [
      { status: 503, retryAfterMs: 1_200 },
      { status: 503, retryAfterMs: 2_000 },
    ],
    [404, { code: 'HTTP_STATUS', status: 404, declared: false }],
    [() => new RangeError('mine'), undefined],
  ] as const)('%o: fails as the real thing, marked, and sends nothing', async (errors, expected) => {
    const { server, client } = await openWith(on({ errors }), { attemptTimeoutMs: 50 })
    const call = client.getOrder({ id: '42' })
    if (expected === undefined) {
      await expect(call).rejects.toMatchObject({ message: 'mine', injected: true })
    } else {
      expect(await failureOf(call)).toMatchObject({
        ...expected,
        injected: true,
        attempts: 1,
        dependency: 'orders',
        operation: 'getOrder',
      })
    }
    expect(server.requests).toHaveLength(0)
    expect(client.$stats()).toMatchObject({ inFlight: 0, queued: 0 })
  })

  it('says in the body and the headers of an answer that it made it', async () => {
    const { client } = await openWith(on({ errors: 503 }))
    const failure = await failureOf(client.getOrder({ id: '42' }))
    expect(failure.message).toContain('injected by chaos')
    expect(failure.headers).toMatchObject({ 'x-holdfast-chaos': 'status' })
    expect(JSON.parse(String(failure.body))).toMatchObject({ status: 503, detail: 'injected by chaos' })
  })

  it('marks no failure that is real', async () => {
    const { client, server } = await openWith({ errors: 503 })
    await server.refuse()
    expect(await failureOf(client.getOrder({ id: '42' }))).not.toHaveProperty('injected')
  })

  it('answers where a stream, nothing or an upload was asked for', async () => {
    const { client } = await openWith(on({ errors: 503 }))
    const upload = client.upload({ file: new Blob(['x']).stream() })
    for (const call of [client.download(), client.removeOrder({ id: '42' }), upload]) {
      expect(await failureOf(call)).toMatchObject({ status: 503, injected: true })
    }
  })

  it('is late within the time of an attempt', async () => {
    const { server, client } = await openWith(on({ latency: 10_000 }), { attemptTimeoutMs: 30 })
    expect(await failureOf(client.getOrder({ id: '42' }))).toMatchObject({
      code: 'ATTEMPT_TIMEOUT',
      injected: true,
    })
    expect(server.requests).toHaveLength(0)
  })

  it('asks the service after a latency that the attempt has time for', async () => {
    const { server, client } = await openWith(on({ latency: { minMs: 1, maxMs: 5 } }))
    expect(await client.getOrder({ id: '42' })).toEqual({ id: '42' })
    expect(server.requests).toHaveLength(1)
  })

  it('ends the latency with the caller and leaves no timer behind', async () => {
    const { client } = await openWith(on({ latency: 60_000 }), { attemptTimeoutMs: false, timeoutMs: false })
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
    const held = new Promise((resolve) => {
      client.$on('chaos', () => setImmediate(resolve))
    })
    const controller = new AbortController()
    const call = failureOf(client.getOrder({ id: '42' }, { signal: controller.signal }))
    await held
    const waiting = timers()
    controller.abort()
    const failure = await call
    expect(failure).toMatchObject({ code: 'ABORTED' })
    expect(failure).not.toHaveProperty('injected')
    expect(timers()).toBe(waiting - 1)
  })

  it('has retries, breaker and fallback react as to the real thing, and recover when it is switched off', async () => {
    const faults = chaos({ errors: 'connection' })
    const breaker = { connectionFailures: 3, openMs: 20, maxOpenMs: 20 }
    const { server, client } = await openWith(faults, {
      retry: { maxAttempts: 2, baseMs: 1, maxMs: 1 },
      circuitBreaker: breaker,
      operations: { listOrders: { fallback: () => 'stale' } },
    })
    const events: string[] = []
    for (const name of ['chaos', 'retry', 'open', 'reject', 'fallback', 'close', 'chaosSwitched'] as const) {
      client.$on(name, () => events.push(name))
    }
    expect(await client.getOrder({ id: '42' })).toEqual({ id: '42' })
    faults.enable()
    expect(await failureOf(client.getOrder({ id: '42' }))).toMatchObject({ attempts: 2 })
    expect(await client.listOrders()).toBe('stale')
    expect(await failureOf(client.getOrder({ id: '42' }))).toMatchObject({ code: 'CIRCUIT_OPEN' })
    expect(server.requests).toHaveLength(1)
    faults.disable()
    await expect.poll(() => client.getOrder.safe({ id: '42' })).toMatchObject({ ok: true })
    expect(client.$stats().endpoints[0]?.circuitBreaker).toMatchObject({ state: 'closed' })
    expect(new Set(events)).toEqual(
      new Set(['chaosSwitched', 'chaos', 'retry', 'open', 'reject', 'fallback', 'close']),
    )
  })

  it('asks when() with what is known of the attempt, each of them', async () => {
    const asked: ChaosAttempt[] = []
    const when = (attempt: ChaosAttempt) => {
      asked.push(attempt)
      return attempt.attempt === 1
    }
    const { server, client } = await openWith(on({ errors: 'reset', when }), {
      retry: { baseMs: 1, maxMs: 1 },
    })
    const told: unknown[] = []
    client.$on('chaos', (event) => told.push(event))
    expect(await client.getOrder({ id: '42' })).toEqual({ id: '42' })
    const common = { dependency: 'orders', operation: 'getOrder', method: 'GET', path: '/orders/42' }
    expect(asked).toEqual([
      { ...common, origin: server.url, attempt: 1, hedged: false },
      { ...common, origin: server.url, attempt: 2, hedged: false },
    ])
    expect(told).toEqual([
      {
        dependency: 'orders',
        operation: 'getOrder',
        correlationId: undefined,
        kind: 'reset',
        latencyMs: 0,
        status: undefined,
      },
    ])
  })

  it('has a span for an attempt that it failed', async () => {
    const spans = startTestSdk()
    const { client } = await openWith(on({ errors: 503 }))
    await client.getOrder.safe({ id: '42' })
    expect(factsOf(spans())).toMatchObject([{ attributes: { 'http.response.status_code': 503 } }])
  })

  it('refuses bad options, all of them, beside those of the client', () => {
    const wrong = { baseUrl: 'http://127.0.0.1:9', timeoutMs: -1, chaos: { rate: 2, errors: 'no' } }
    expect(() => createClient(orders, wrong as never)).toThrow(/timeoutMs: .*chaos\.errors: .*chaos\.rate: /s)
    expect(() => createClient(orders, { baseUrl: 'http://127.0.0.1:9', chaos: true } as never)).toThrow(
      /chaos: must be an object of options/,
    )
  })
})

describe('what is told of chaos', () => {
  it('a line when it is on from the beginning, and for each switch until the client is closed', async () => {
    const { lines, logger } = captured()
    const faults = chaos({ errors: 'reset', enabled: true })
    const { client } = await openWith(faults, { logger })
    const told: boolean[] = []
    client.$on('chaosSwitched', ({ isEnabled }) => told.push(isEnabled))
    faults.disable()
    vi.stubEnv('NODE_ENV', 'production')
    vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
    onTestFinished(() => void vi.unstubAllEnvs())
    faults.enable()
    await client.$close()
    faults.disable()
    expect(told).toEqual([false, true])
    expect(lines).toMatchObject([
      { level: 'warn', msg: 'chaos is on', dependency: 'orders' },
      { level: 'warn', msg: 'chaos is off', dependency: 'orders' },
      { level: 'warn', msg: 'chaos is on in production', dependency: 'orders' },
    ])
  })

  it('nothing at all while it is off', async () => {
    const { lines, logger } = captured()
    const { client } = await openWith({ errors: 'reset' }, { logger })
    await client.getOrder({ id: '42' })
    expect(lines).toEqual([])
  })

  it('a mark in the lines of what it failed', async () => {
    const { lines, logger } = captured()
    const options = on({ errors: 'reset', when: ({ attempt }) => attempt === 1 })
    const { client } = await openWith(options, { logger, retry: { baseMs: 1, maxMs: 1 } })
    await client.getOrder({ id: '42' })
    expect(lines).toMatchObject([{}, { msg: 'retry', err: { code: 'CONNECTION_LOST', injected: true } }])
  })

  it('a metric, by kind', async () => {
    const registry = new Registry()
    const { client } = await openWith(on({ errors: 'reset' }), { metrics: registry })
    await client.getOrder.safe({ id: '42' })
    expect(await registry.metrics()).toContain(
      'http_client_chaos_injections_total{dependency="orders",operation="getOrder",kind="reset"} 1',
    )
  })
})

describe.each(faces)('%s with chaos', (_, open) => {
  it.each([
    ['connection', { code: 'CONNECT_FAILED' }],
    ['reset', { code: 'CONNECTION_LOST' }],
    ['timeout', { code: 'ATTEMPT_TIMEOUT' }],
  ] as const)('%s: fails as the real thing, and sends nothing', async (errors, expected) => {
    await using server = await faultServer(healthy)
    const { request, controls } = open({ chaos: on({ errors }), attemptTimeoutMs: 50, ...noRetry })
    const failure = await request(server.url).catch((error: unknown) => error)
    const dependency = new URL(server.url).host
    expect(failure).toMatchObject({ ...expected, injected: true, attempts: 1, dependency })
    expect(server.requests).toHaveLength(0)
    expect(controls.$stats().origins).toMatchObject([{ inFlight: 0 }])
  })

  it.each([503, 404, 500])('%d: is an answer, after retries where that is worth it', async (status) => {
    await using server = await faultServer(healthy)
    const asked: ChaosAttempt[] = []
    const when = (attempt: ChaosAttempt) => asked.push(attempt) > 0
    const { request } = open({ chaos: on({ errors: status, when }) })
    const { status: got, text } = await request(`${server.url}/orders`)
    expect([got, JSON.parse(text)]).toMatchObject([status, { detail: 'injected by chaos' }])
    expect(asked).toHaveLength(status === 503 ? 3 : 1)
    const dependency = new URL(server.url).host
    expect(asked[0]).toMatchObject({ dependency, operation: 'GET', origin: server.url, path: '/orders' })
    expect(await request(server.url, { method: 'HEAD' })).toEqual({ status, text: '' })
    expect(server.requests).toHaveLength(0)
  })

  it('gets the answer of a retry after an injected one', async () => {
    await using server = await faultServer(healthy)
    const when = ({ attempt }: ChaosAttempt) => attempt === 1
    const { request, controls } = open({ chaos: on({ errors: 503, latency: 1, when }) })
    const told: unknown[] = []
    controls.$on('chaos', ({ kind, latencyMs, status }) => told.push([kind, latencyMs, status]))
    expect(await request(server.url)).toMatchObject({ status: 200 })
    expect(told).toEqual([['status', 1, 503]])
  })

  it('is left alone while it is off, and is late while it is on', async () => {
    await using server = await faultServer(healthy)
    const faults = chaos({ latency: 10_000 })
    const { lines, logger } = captured()
    const { request } = open({ chaos: faults, attemptTimeoutMs: 30, logger, ...noRetry })
    expect(await request(server.url)).toMatchObject({ status: 200 })
    faults.enable()
    expect(await request(server.url).catch((error: unknown) => error)).toMatchObject({
      code: 'ATTEMPT_TIMEOUT',
      injected: true,
    })
    expect(lines).toMatchObject([{ msg: 'chaos is on', dependency: '*' }])
  })
})
