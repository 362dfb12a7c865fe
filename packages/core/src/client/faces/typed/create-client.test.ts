import { describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { failureOf, openOrders, orders } from '../../../../test/fixtures/orders.js'
import { defineContract, isHttpError } from '../../../contract/index.js'
import { retryBudget } from '../../../policies/index.js'
import type { ClientEvents } from '../../../telemetry/events/index.js'
import { answer, cycle, delay, faultServer, hangUp, stall } from '../../../testing.js'
import { createClient } from './create-client.js'

const found = answer(200, { json: { id: '42' }, headers: { 'x-served-by': 'a' } })

describe('a call', () => {
  it('gives the data, and .safe what came with it', async () => {
    await using server = await faultServer({ routes: { 'GET /orders/{id}': found } })
    const client = openOrders(server)
    expect(await client.getOrder({ id: '42' })).toEqual({ id: '42' })
    expect(await client.getOrder.safe({ id: '42' })).toEqual({
      ok: true,
      status: 200,
      headers: expect.objectContaining({ 'x-served-by': 'a' }),
      data: { id: '42' },
      fromFallback: false,
    })
  })

  it('throws a declared error with its body, which isHttpError narrows', async () => {
    const gone = answer(404, { json: { reason: 'sold' } })
    await using server = await faultServer({ routes: { '*': gone } })
    const client = openOrders(server)
    const result = await client.getOrder.safe({ id: '42' })
    expect(result).toMatchObject({ ok: false, error: { code: 'HTTP_STATUS', phase: 'reading', attempts: 1 } })
    if (result.ok || !isHttpError(result.error, orders.getOrder, 404)) throw new Error('not narrowed')
    expect(result.error.body.reason).toBe('sold')
    expect(isHttpError(result.error, orders.listOrders)).toBe(false)
    expect(isHttpError(result.error, orders.getOrder, 409)).toBe(false)
  })

  it('throws an undeclared status with the body as text', async () => {
    await using server = await faultServer({ routes: { '*': answer(418, { body: 'short and stout' }) } })
    expect(await failureOf(openOrders(server).listOrders())).toMatchObject({
      code: 'HTTP_STATUS',
      status: 418,
      body: 'short and stout',
      declared: false,
      retryable: false,
      dependency: 'orders',
      operation: 'listOrders',
      attempts: 1,
    })
  })

  it('is refused with everything that is wrong with its input, and nothing is sent', async () => {
    await using server = await faultServer()
    const client = openOrders(server)
    expect(await failureOf(client.getOrder({ id: 42 } as never))).toMatchObject({
      code: 'INVALID_INPUT',
      phase: 'encoding',
      attempts: 0,
      dependency: 'orders',
      operation: 'getOrder',
      problems: [{ path: 'id' }],
    })
    expect(await failureOf(client.listOrders({} as never))).toMatchObject({ code: 'INVALID_INPUT' })
    expect(server.requests).toHaveLength(0)
  })

  it.each([
    ['a bigint', { item: 'x', count: 1n }],
    ['a circle', circular()],
  ])('is refused with %s, which JSON cannot hold', async (_, input) => {
    await using server = await faultServer()
    const client = openOrders(server, { validate: 'off' })
    expect(await failureOf(client.placeOrder(input as never))).toMatchObject({
      code: 'INVALID_INPUT',
      phase: 'encoding',
    })
    expect(server.requests).toHaveLength(0)
  })

  it('goes below the path of baseUrl', async () => {
    await using server = await faultServer({ routes: { 'GET /v1/shop/orders/{id}': found } })
    const client = openOrders({ url: `${server.url}/v1/shop/` })
    expect(await client.getOrder({ id: '42' })).toEqual({ id: '42' })
  })
})

function circular(): object {
  const input: Record<string, unknown> = { item: 'x' }
  input.self = input
  return input
}

describe('a client', () => {
  it('is no promise, and cannot be changed', async () => {
    const client = openOrders({ url: 'http://127.0.0.1:9' })
    expect(await client).toBe(client)
    expect(Object.isFrozen(client)).toBe(true)
    expect(Object.keys(client)).toEqual([
      ...Object.keys(orders),
      '$circuitBreakers',
      '$stats',
      '$on',
      '$update',
      '$close',
    ])
  })

  it('opens nothing before its first call', async () => {
    await using server = await faultServer()
    openOrders(server)
    expect(server.stats().connectionsTotal).toBe(0)
  })

  it('says in $stats how it is', async () => {
    await using server = await faultServer({ routes: { 'GET /orders/{id}': found, '*': stall() } })
    const client = openOrders(server, { bulkhead: { maxConcurrent: 2 } })
    await client.getOrder({ id: '42' })
    const controller = new AbortController()
    const calls = Array.from({ length: 3 }, () => client.listOrders.safe(undefined, controller))
    await server.received(3)
    expect(client.$stats()).toEqual({
      dependency: 'orders',
      limit: 2,
      inFlight: 2,
      queued: 1,
      shadow: [],
      retryBudget: { tokens: 10 },
      endpoints: [
        {
          origin: server.url,
          state: 'active',
          inFlight: 2,
          costMs: undefined,
          circuitBreaker: { state: 'closed', successes: 1, failures: 0 },
          connections: { open: 2, free: 0, running: 2, waitingForSocket: 0 },
        },
      ],
    })
    controller.abort()
    await Promise.all(calls)
    const bare = openOrders(server, { bulkhead: false, circuitBreaker: false, retryBudget: false })
    expect(bare.$stats()).toMatchObject({
      limit: undefined,
      inFlight: 0,
      queued: 0,
      retryBudget: undefined,
      endpoints: [{ circuitBreaker: undefined, connections: undefined }],
    })
  })

  it('shares a budget with another client of the same dependency', async () => {
    await using server = await faultServer({ routes: { '*': answer(503) } })
    const budget = retryBudget({ maxTokens: 1, floorMs: false })
    const [first, second] = [0, 1].map(() => openOrders(server, { retryBudget: budget }))
    expect(await failureOf(first?.listOrders() as Promise<unknown>)).toMatchObject({ attempts: 2 })
    expect(await failureOf(second?.listOrders() as Promise<unknown>)).toMatchObject({ attempts: 1 })
  })
})

describe('$circuitBreakers', () => {
  it('gives the breaker of the dependency, to isolate by hand or to attach tools to', async () => {
    await using server = await faultServer({ routes: { '*': answer(200, { json: { id: '42' } }) } })
    const client = openOrders(server)
    const [breaker] = client.$circuitBreakers()
    expect(breaker?.opossum.name).toBe('orders')
    breaker?.isolate()
    expect(await failureOf(client.getOrder({ id: '42' }))).toMatchObject({ code: 'CIRCUIT_OPEN' })
    breaker?.reset()
    expect(await client.getOrder({ id: '42' })).toEqual({ id: '42' })
    expect(openOrders(server, { circuitBreaker: false }).$circuitBreakers()).toEqual([])
  })
})

describe('$on', () => {
  it('tells of every event', async () => {
    const routes = { '*': cycle([hangUp(), answer(503), found, hangUp()]) }
    await using server = await faultServer({ routes })
    const events: [keyof ClientEvents, object][] = []
    const options = {
      circuitBreaker: { minimumCalls: 2, failureRatio: 0.5, openMs: 500, maxOpenMs: 500 },
      operations: { removeOrder: { retry: false, fallback: () => undefined } },
    } as const
    const client = openOrders(server, options)
    for (const name of ['retry', 'open', 'halfOpen', 'close', 'reject', 'fallback'] as const) {
      client.$on(name, (event) => events.push([name, event]))
    }
    await client.listOrders.safe()
    await client.removeOrder({ id: '1' })
    await vi.waitFor(() => expect(client.$stats().endpoints[0]?.circuitBreaker?.state).toBe('halfOpen'))
    await client.listOrders.safe()
    const by = { dependency: 'orders' }
    const of = { ...by, operation: 'listOrders' }
    const at = { ...by, origin: server.url }
    expect(events).toMatchObject([
      ['retry', { ...of, attempt: 2, delayMs: expect.any(Number), error: { code: 'CONNECTION_LOST' } }],
      ['open', { ...at, failures: 2, successes: 0, openMs: 500 }],
      ['retry', { ...of, attempt: 3, error: { code: 'HTTP_STATUS' } }],
      ['reject', { ...of, reason: 'circuit open' }],
      ['reject', { ...by, operation: 'removeOrder', reason: 'circuit open' }],
      ['fallback', { ...by, operation: 'removeOrder', error: { code: 'CIRCUIT_OPEN' } }],
      ['halfOpen', at],
      ['close', at],
    ])
  })

  it('tells of what the bulkhead and the rate limit refuse, of shed calls and of hedges', async () => {
    await using server = await faultServer({ routes: { 'GET /orders': stall(), '*': [delay(30), found] } })
    const reasons: string[] = []
    const full = openOrders(server, { bulkhead: { maxConcurrent: 1, maxQueue: 1, queueTimeoutMs: 5 } })
    full.$on('reject', ({ reason }) => reasons.push(reason))
    full.$on('shed', ({ operation }) => reasons.push(`shed ${operation}`))
    const controller = new AbortController()
    const calls = Array.from({ length: 3 }, () => full.listOrders.safe(undefined, controller))
    await Promise.all(calls.slice(1))
    controller.abort()
    await Promise.all(calls)
    expect(reasons).toEqual(['queue full', 'shed listOrders'])
    const limited = openOrders(server, {
      rateLimit: { limit: 1, intervalMs: 60_000 },
      hedge: { delayMs: 5 },
    })
    limited.$on('reject', ({ reason }) => reasons.push(reason))
    limited.$on('hedge', ({ operation, delayMs }) => reasons.push(`hedge ${operation} ${delayMs}`))
    await limited.getOrder({ id: '42' })
    expect(await failureOf(limited.getOrder({ id: '42' }))).toMatchObject({
      code: 'RATE_LIMITED',
      attempts: 0,
    })
    expect(reasons.slice(2)).toEqual(['hedge getOrder 5', 'rate limit'])
  })

  it('unsubscribes, and takes only what it knows', async () => {
    await using server = await faultServer({ routes: { '*': answer(503) } })
    const client = openOrders(server)
    const heard = vi.fn()
    client.$on('retry', heard)()
    await client.listOrders.safe()
    expect(heard).not.toHaveBeenCalled()
    expect(() => client.$on('retries' as never, heard)).toThrow(/retries: is not an event; they are retry/)
    expect(() => client.$on('retry', undefined as never)).toThrow(/listener: must be a function/)
  })
})

describe('$close', () => {
  it('waits for the calls in flight, refuses others, and may be called twice', async () => {
    await using server = await faultServer({ routes: { '*': [delay(30), found] } })
    const client = createClient(orders, { baseUrl: server.url })
    const call = client.getOrder({ id: '42' })
    await server.received(1)
    const settled: string[] = []
    const closing = client.$close().then(() => settled.push('close'))
    const refused = await failureOf(client.getOrder({ id: '43' }))
    expect(refused).toMatchObject({ code: 'CLOSED', phase: 'queued', attempts: 0, retryable: false })
    await call.then(() => settled.push('call'))
    await Promise.all([closing, client.$close()])
    expect(settled).toEqual(['call', 'close'])
    await vi.waitFor(() => expect(server.stats().connections).toBe(0))
    expect(server.requests).toHaveLength(1)
  })

  it('is what `await using` does', async () => {
    await using server = await faultServer({ routes: { '*': found } })
    let leaked: { getOrder(input: { id: string }): Promise<unknown> } | undefined
    {
      await using client = createClient(orders, { baseUrl: server.url })
      await client.getOrder({ id: '42' })
      leaked = client
    }
    expect(await failureOf(leaked.getOrder({ id: '42' }))).toMatchObject({ code: 'CLOSED' })
  })

  it('ends a wait for retries only with the call', async () => {
    await using server = await faultServer({ routes: { '*': cycle([answer(503), found]) } })
    const client = createClient(orders, { baseUrl: server.url })
    const call = client.getOrder({ id: '42' })
    await server.received(1)
    await client.$close()
    expect(await call).toEqual({ id: '42' })
  })

  it('leaves a dispatcher of the user open', async () => {
    const { Agent } = await import('undici')
    await using server = await faultServer({ routes: { '*': found } })
    const dispatcher = new Agent()
    await openOrders(server, { dispatcher }).$close()
    expect(await openOrders(server, { dispatcher }).getOrder({ id: '42' })).toEqual({ id: '42' })
    await dispatcher.close()
  })
})

describe('a contract with many names', () => {
  it('keeps names apart that objects have anyway', () => {
    const names = ['safe', 'name', 'call', 'apply', 'bind', 'length']
    const contract = defineContract(
      'names',
      Object.fromEntries(names.map((name) => [name, { method: 'GET', path: '/', input: z.object({}) }])),
    )
    const client = createClient(contract, { baseUrl: 'http://127.0.0.1:9' })
    for (const name of names) expect(client[name]).toBeTypeOf('function')
  })
})
