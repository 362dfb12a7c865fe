import { describe, expect, it, vi } from 'vitest'
import { failureOf, openOrders } from '../../../../test/fixtures/orders.js'
import { answer, cycle, delay, faultServer, hangUp, stall } from '../../../testing.js'

const found = answer(200, { json: { id: '42' } })
const refused = { url: 'http://127.0.0.1:9' }

it('judges an error status by the status, however large its body', async () => {
  await using server = await faultServer({ routes: { '*': answer(503, { body: 'x'.repeat(5_000) }) } })
  const client = openOrders(server, { maxResponseBytes: 1_000 })
  const failure = await failureOf(client.getOrder({ id: '42' }))
  expect(failure).toMatchObject({ code: 'HTTP_STATUS', status: 503, attempts: 3 })
  expect(String(failure.body).length).toBeLessThanOrEqual(1_000)
  expect(client.$stats().endpoints[0]?.circuitBreaker).toMatchObject({ failures: 3 })
})

describe('retries', () => {
  it.each([
    ['getOrder', { id: '42' }, 3],
    ['placeOrder', { item: 'x' }, 3],
    ['removeOrder', { id: '42' }, 3],
    ['noteOrder', { text: 'x' }, 1],
  ] as const)('%s: attempts after a lost connection', async (name, input, attempts) => {
    await using server = await faultServer({ routes: { '*': hangUp() } })
    const client = openOrders(server)
    const failure = await failureOf((client[name] as (input: unknown) => Promise<unknown>)(input))
    expect(failure).toMatchObject({
      code: 'CONNECTION_LOST',
      attempts,
      phase: 'waiting',
      dependency: 'orders',
      operation: name,
    })
    expect(failure.elapsedMs).toBeGreaterThan(0)
    expect(server.requests).toHaveLength(attempts)
  })

  it('follow on a status only where an operation lists it', async () => {
    await using server = await faultServer({ routes: { '*': cycle([answer(500), found]) } })
    const listed = { operations: { getOrder: { retry: { statuses: [500] } } } }
    const client = openOrders(server, listed)
    expect(await client.getOrder({ id: '42' })).toEqual({ id: '42' })
    expect(await failureOf(openOrders(server).getOrder({ id: '42' }))).toMatchObject({
      status: 500,
      attempts: 1,
    })
  })

  it.each(['getOrder', 'listOrders'] as const)('%s: stop where the dependency says so', async (name) => {
    const stop = answer(503, { headers: { 'x-should-retry': 'false' } })
    await using server = await faultServer({ routes: { '*': stop } })
    const call = openOrders(server)[name] as (input: unknown) => Promise<unknown>
    expect(await failureOf(call(name === 'getOrder' ? { id: '42' } : undefined))).toMatchObject({
      attempts: 1,
    })
  })

  it('are skipped where no permit is free, and the first failure is told', async () => {
    await using server = await faultServer({
      routes: { 'GET /orders/{id}': [delay(20), answer(503)], 'GET /orders': stall() },
    })
    const client = openOrders(server, {
      bulkhead: { maxConcurrent: 1 },
      retry: { baseMs: 40, maxMs: 40 },
      random: () => 0.99,
    })
    const reasons: string[] = []
    client.$on('reject', ({ reason }) => reasons.push(reason))
    const controller = new AbortController()
    const first = failureOf(client.getOrder({ id: '42' }))
    const second = client.listOrders.safe(undefined, controller)
    expect(await first).toMatchObject({ status: 503, attempts: 1 })
    expect(reasons).toEqual(['no free permit'])
    controller.abort()
    await second
    expect(client.$stats()).toMatchObject({ inFlight: 0, queued: 0 })
  })

  it('end with the deadline, whose error tells the failure before it', async () => {
    await using server = await faultServer({ routes: { '*': cycle([answer(503), stall()]) } })
    const failure = await failureOf(openOrders(server, { timeoutMs: 100 }).getOrder({ id: '42' }))
    expect(failure).toMatchObject({
      code: 'DEADLINE_EXCEEDED',
      phase: 'waiting',
      attempts: 2,
      cause: { code: 'HTTP_STATUS', status: 503 },
    })
  })

  it('are not begun where their wait would outlast the deadline', async () => {
    await using server = await faultServer({ routes: { '*': answer(503) } })
    const client = openOrders(server, { timeoutMs: 5_000, retry: { baseMs: 6_000 }, random: () => 0.99 })
    expect(await failureOf(client.getOrder({ id: '42' }))).toMatchObject({ status: 503, attempts: 1 })
  })

  it('need their budget', async () => {
    await using server = await faultServer({ routes: { '*': answer(503) } })
    const client = openOrders(server, {
      circuitBreaker: false,
      retryBudget: { maxTokens: 3, floorMs: false },
    })
    for (let call = 0; call < 10; call++) await client.listOrders.safe()
    expect(server.requests).toHaveLength(13)
    expect(client.$stats().retryBudget).toEqual({ tokens: 0 })
  })

  it('send a body again that can be made again', async () => {
    await using server = await faultServer({
      recordBodies: true,
      routes: { '*': cycle([answer(503), answer(200)]) },
    })
    let made = 0
    await openOrders(server).upload({ file: () => `body ${++made}` })
    expect(server.requests.map(({ body }) => body.toString())).toEqual(['body 1', 'body 2'])
  })

  it('of a stream that can be read once are refused where they were asked for', async () => {
    await using server = await faultServer({ routes: { '*': answer(503) } })
    const once = async function* () {
      yield 'x'
    }
    const asking = openOrders(server, { operations: { upload: { retry: { maxAttempts: 2 } } } })
    expect(await failureOf(asking.upload({ file: once() }))).toMatchObject({
      code: 'INVALID_INPUT',
      problems: [{ path: 'body', message: expect.stringContaining('read once') }],
    })
    expect(server.requests).toHaveLength(0)
    expect(await failureOf(openOrders(server).upload({ file: once() }))).toMatchObject({
      status: 503,
      attempts: 1,
    })
  })
})

describe('the circuit breaker', () => {
  it('opens after failures to connect in a row, refuses with the time to wait, and lets a probe through', async () => {
    const client = openOrders(refused, {
      retry: false,
      circuitBreaker: { connectionFailures: 2, openMs: 200, maxOpenMs: 200 },
    })
    for (let call = 0; call < 2; call++) {
      expect(await failureOf(client.listOrders())).toMatchObject({ code: 'CONNECT_FAILED', attempts: 1 })
    }
    const failure = await failureOf(client.listOrders())
    expect(failure).toMatchObject({ code: 'CIRCUIT_OPEN', phase: 'queued', attempts: 0, retryable: true })
    expect(failure.retryAfterMs).toBeGreaterThan(0)
    expect(failure.retryAfterMs).toBeLessThanOrEqual(200)
    await vi.waitFor(() => expect(client.$stats().endpoints[0]?.circuitBreaker?.state).toBe('halfOpen'))
    expect(await failureOf(client.listOrders())).toMatchObject({ code: 'CONNECT_FAILED' })
    expect(client.$stats().endpoints[0]?.circuitBreaker?.state).toBe('open')
  })

  it('draws how long it stays open from `random`', async () => {
    const client = openOrders(refused, {
      retry: false,
      random: () => 0.5,
      circuitBreaker: { connectionFailures: 1, openMs: 1_000 },
    })
    const opened = vi.fn()
    client.$on('open', opened)
    await client.listOrders.safe()
    expect(opened).toHaveBeenCalledWith(expect.objectContaining({ openMs: 1_500 }))
  })

  it.each([
    ['404', answer(404)],
    ['429', answer(429)],
    ['an answer that is no JSON', answer(200, { body: '<html>', headers: { 'content-type': 'text/html' } })],
  ])('stays closed at %s', async (_, fault) => {
    await using server = await faultServer({ routes: { '*': fault } })
    const client = openOrders(server, { retry: false, circuitBreaker: { minimumCalls: 1 } })
    for (let call = 0; call < 3; call++) await client.getOrder.safe({ id: '42' })
    expect(server.requests).toHaveLength(3)
    expect(client.$stats().endpoints[0]?.circuitBreaker).toMatchObject({ state: 'closed', failures: 0 })
  })

  it('does not count against the dependency that the caller gave it no time', async () => {
    await using server = await faultServer({ routes: { '*': [delay(250), answer(200)] } })
    const client = openOrders(server, { retry: false })
    await client.listOrders()
    await client.listOrders.safe(undefined, { timeoutMs: 20 })
    expect(client.$stats().endpoints[0]?.circuitBreaker).toMatchObject({ successes: 1, failures: 0 })
    server.set('*', stall())
    await client.listOrders.safe(undefined, { timeoutMs: 1_500 })
    expect(client.$stats().endpoints[0]?.circuitBreaker).toMatchObject({ successes: 1, failures: 1 })
  })

  it('does not take a quick refusal for the usual time of an answer', async () => {
    await using server = await faultServer({ routes: { '*': [delay(300), answer(200)] } })
    const client = openOrders(server, { retry: false })
    await client.listOrders()
    server.set('*', answer(429))
    for (let call = 0; call < 40; call++) await client.listOrders.safe()
    server.set('*', stall())
    await client.listOrders.safe(undefined, { timeoutMs: 30 })
    expect(client.$stats().endpoints[0]?.circuitBreaker).toMatchObject({ failures: 0 })
  })
})

describe('an abort before anything was sent', () => {
  it('is no attempt, and takes no probe', async () => {
    await using server = await faultServer({ routes: { '*': found } })
    const client = openOrders(server, { rateLimit: { limit: 5, intervalMs: 1_000 } })
    const failure = await failureOf(client.listOrders(undefined, { signal: AbortSignal.abort('left') }))
    expect(failure).toMatchObject({ code: 'ABORTED', cause: 'left', attempts: 0, phase: 'queued' })
    expect(server.stats().connectionsTotal).toBe(0)
  })
})
