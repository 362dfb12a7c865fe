import { describe, expect, it, vi } from 'vitest'
import { failureOf } from '../../../test/fixtures/orders.js'
import {
  type AnswerShop,
  item,
  openShop,
  type ShopOptions,
  shopServer,
  testClock,
} from '../../../test/fixtures/shop.js'
import { createLogger } from '../../telemetry/logging/index.js'
import { createMetrics } from '../../telemetry/metrics/index.js'
import type { EndpointInput, Resolver } from '../../upstream/endpoints/index.js'

const kept = { 'cache-control': 'max-age=60, stale-if-error=600' }

/** Answers once, and then as `later` has it. */
const onceThen =
  (later: AnswerShop, headers: Record<string, string> = kept): AnswerShop =>
  (request, response, serial) =>
    (serial === 1 ? item(headers) : later)(request, response, serial)

const unavailable: AnswerShop = (_, response) => response.writeHead(503).end()

/** A client that has an answer which is ten seconds over its time. */
async function openStale(answer: AnswerShop, options: Partial<ShopOptions> = {}) {
  const clock = testClock()
  const server = await shopServer(answer)
  const client = openShop(server, { retry: false, ...options })
  await client.getItem({ id: 'a' }, { timeoutMs: 5_000 })
  clock.pass(70)
  return { client, clock, server }
}

describe('a stale answer stands in', () => {
  it('when connections are refused, marked as what it is', async () => {
    const { client, server } = await openStale(item(kept))
    await server.stop()
    const events: unknown[] = []
    client.$on('stale', (event) => events.push(event))
    const answer = await client.getItem.safe({ id: 'a' })
    expect(answer).toMatchObject({
      ok: true,
      status: 200,
      cache: 'stale',
      fromFallback: false,
      data: { id: 'a', serial: 1 },
      headers: { age: '70', warning: '110 - "Response is Stale"' },
    })
    expect(events).toMatchObject([
      { dependency: 'shop', operation: 'getItem', ageMs: 70_000, error: { code: 'CONNECT_FAILED' } },
    ])
    expect(await client.getItem({ id: 'a' })).toEqual({ id: 'a', serial: 1 })
  })

  it.each<[string, AnswerShop]>([
    ['statuses of the server', (_, response) => response.writeHead(500).end()],
    ['unavailability', unavailable],
    ['a connection that breaks', (request) => request.socket.destroy()],
    ['an answer that breaks', (_, response) => response.write('{"id":') && response.destroy()],
  ])('for %s', async (_, later) => {
    const { client } = await openStale(onceThen(later))
    expect(await client.getItem.safe({ id: 'a' })).toMatchObject({ cache: 'stale', data: { serial: 1 } })
  })

  it.each<[string, Partial<ShopOptions>]>([
    ['an attempt times out', { attemptTimeoutMs: 250 }],
    ['the time of the call is up', { timeoutMs: 30 }],
    ['the time is up beside a fallback', { timeoutMs: 30, fallback: () => ({ id: 'fallback' }) as never }],
  ])('when %s', async (_, options) => {
    const { client } = await openStale(
      onceThen(() => {}),
      options,
    )
    expect(await client.getItem.safe({ id: 'a' })).toMatchObject({ cache: 'stale', data: { serial: 1 } })
  })

  it('while the circuit is open, though nothing is asked then', async () => {
    const { client, server } = await openStale(onceThen(unavailable))
    for (const breaker of client.$circuitBreakers()) breaker.isolate()
    expect(await client.getItem.safe({ id: 'a' })).toMatchObject({ cache: 'stale' })
    expect(await failureOf(client.getItem({ id: 'b' }))).toMatchObject({ code: 'CIRCUIT_OPEN' })
    expect(server.seen).toHaveLength(1)
  })

  it('when the limit is full', async () => {
    const { client, server } = await openStale(
      onceThen(() => {}),
      { bulkhead: { maxConcurrent: 1, maxQueue: 0 } },
    )
    const slow = failureOf(client.getItem({ id: 'b' }))
    await vi.waitFor(() => expect(server.seen).toHaveLength(2))
    expect(await client.getItem.safe({ id: 'a' })).toMatchObject({ cache: 'stale' })
    await client.$close({ timeoutMs: 0 })
    await slow
  })

  it('when no endpoint is known', async () => {
    const clock = testClock()
    const server = await shopServer(item(kept))
    let update: (list: readonly EndpointInput[]) => void = () => {}
    const endpoints: Resolver = {
      watch(listener) {
        update = (list) => listener.update(list)
        update([server.url])
        return { close() {} }
      },
    }
    const options = {
      baseUrl: undefined as never,
      endpoints,
      balancing: { allowEmpty: true },
      retry: false,
    } as const
    const client = openShop(server, options)
    await client.getItem({ id: 'a' })
    clock.pass(70)
    await server.stop()
    update([])
    expect(await failureOf(client.getItem({ id: 'b' }))).toMatchObject({ code: 'NO_ENDPOINTS' })
    expect(await client.getItem.safe({ id: 'a' })).toMatchObject({ cache: 'stale' })
  })

  it('for as long as the response says, or else the option', async () => {
    const { client, clock } = await openStale(onceThen(unavailable), { cache: { staleIfErrorMs: 1e7 } })
    clock.pass(580)
    expect(await client.getItem.safe({ id: 'a' })).toMatchObject({ cache: 'stale' })
    clock.pass(11)
    expect(await failureOf(client.getItem({ id: 'a' }))).toMatchObject({ status: 503 })
  })

  it.each([
    ['that names a lifetime only', { 'cache-control': 'max-age=60' }],
    ['that says nothing of caching', {}],
  ])('by option for a response %s', async (_, headers) => {
    const { client, clock } = await openStale(onceThen(unavailable, headers as Record<string, string>), {
      operations: { getItem: { cache: { staleIfErrorMs: 300_000 } } },
    })
    expect(await client.getItem.safe({ id: 'a' })).toMatchObject({ cache: 'stale' })
    clock.pass(300)
    expect(await failureOf(client.getItem({ id: 'a' }))).toMatchObject({ status: 503 })
  })

  it.each(['must-revalidate', 'proxy-revalidate', 's-maxage=60', 'no-cache', 'stale-if-error=0'])(
    'never where %s forbids it',
    async (directive) => {
      const headers = { 'cache-control': `max-age=60, ${directive}`, etag: '"1"' }
      const { client } = await openStale(onceThen(unavailable, headers), { cache: { staleIfErrorMs: 1e7 } })
      expect(await failureOf(client.getItem({ id: 'a' }))).toMatchObject({ status: 503 })
    },
  )

  it.each<[string, AnswerShop, object]>([
    ['a refusal', (_, response) => response.writeHead(403).end(), { status: 403 }],
    ['too many requests', (_, response) => response.writeHead(429).end(), { status: 429 }],
    ['a response that is not as declared', (_, response) => response.end('{}'), { code: 'INVALID_RESPONSE' }],
  ])('never for %s', async (_, later, failure) => {
    const { client } = await openStale(onceThen(later))
    expect(await failureOf(client.getItem({ id: 'a' }))).toMatchObject(failure)
  })

  it('never for a caller who has left', async () => {
    const { client } = await openStale(onceThen(() => {}))
    const aborter = new AbortController()
    const call = failureOf(client.getItem({ id: 'a' }, { signal: aborter.signal }))
    aborter.abort()
    expect(await call).toMatchObject({ code: 'ABORTED' })
  })

  it('before a fallback is asked', async () => {
    const fallback = vi.fn(() => ({ id: 'fallback', serial: 0 }))
    const { client } = await openStale(onceThen(unavailable), { operations: { getItem: { fallback } } })
    expect(await client.getItem.safe({ id: 'a' })).toMatchObject({ cache: 'stale', fromFallback: false })
    expect(fallback).not.toHaveBeenCalled()
    expect(await client.getItem.safe({ id: 'b' })).toMatchObject({ fromFallback: true, cache: undefined })
  })
})

it('is counted and logged', async () => {
  const lines: Record<string, unknown>[] = []
  const destination = { write: (line: string) => lines.push(JSON.parse(line)) }
  const logger = createLogger({ name: 'shop', level: 'warn', destination, pretty: false })
  const metrics = createMetrics({ process: false })
  const { client } = await openStale(onceThen(unavailable), { logger, metrics })
  await client.getItem({ id: 'a' })
  await failureOf(client.getItem({ id: 'b' }))
  expect(lines).toMatchObject([
    {
      msg: 'stale answer',
      dependency: 'shop',
      operation: 'getItem',
      age_ms: 70_000,
      err: { code: 'HTTP_STATUS' },
    },
  ])
  const text = await metrics.registry.metrics()
  const names = 'dependency="shop",operation="getItem"'
  expect(text).toContain(`http_client_cache_results_total{${names},result="miss"} 1`)
  expect(text).toContain(`http_client_cache_results_total{${names},result="stale"} 1`)
  expect(text).toContain(`http_client_request_duration_seconds_count{${names},outcome="success"} 2`)
  expect(text).toContain(`http_client_attempts_total{${names}} 3`)
  expect(client.$stats().cache).toMatchObject({ stale: 1, misses: 1 })
})
