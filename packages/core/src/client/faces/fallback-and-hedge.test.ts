import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it, vi } from 'vitest'
import { openFetch } from '../../../test/fixtures/faces.js'
import { failureOf, openOrders } from '../../../test/fixtures/orders.js'
import { ClosedError } from '../../foundation/errors/index.js'
import { answer, cycle, delay, faultServer, stall } from '../../testing.js'

const found = answer(200, { json: { id: '42' } })
const standIn = { id: 'stand-in' }

describe('a fallback', () => {
  it.each([
    ['a value', () => standIn],
    ['a promise', async () => standIn],
    ['a promise that takes a while', () => sleep(30, standIn)],
  ])('answers after the deadline with %s', async (_, fallback) => {
    await using server = await faultServer({ routes: { '*': stall() } })
    const client = openOrders(server, { timeoutMs: 30, fallback })
    expect(await client.getOrder({ id: '42' })).toBe(standIn)
    expect(await client.getOrder.safe({ id: '42' })).toEqual({
      ok: true,
      status: 0,
      headers: {},
      data: standIn,
      fromFallback: true,
    })
  })

  it('is told the error and the call', async () => {
    await using server = await faultServer({ routes: { '*': answer(503) } })
    const fallback = vi.fn(() => standIn)
    await openOrders(server, { fallback }).getOrder({ id: '42' })
    expect(fallback).toHaveBeenCalledExactlyOnceWith(
      expect.objectContaining({ code: 'HTTP_STATUS', status: 503 }),
      { operation: 'getOrder', input: { id: '42' } },
    )
  })

  it('is the one of the operation, or none', async () => {
    await using server = await faultServer({ routes: { '*': answer(404) } })
    const client = openOrders(server, {
      fallback: () => standIn,
      operations: {
        getOrder: { fallback: (_, { input }) => input as { id: string } },
        listOrders: { fallback: false },
      },
    })
    expect(await client.getOrder({ id: '42' })).toEqual({ id: '42' })
    expect(await failureOf(client.listOrders())).toMatchObject({ status: 404 })
    expect(await client.noteOrder({ text: 'x' })).toBe(standIn)
  })

  it('is not asked when the caller left, or was wrong', async () => {
    await using server = await faultServer({ routes: { '*': stall() } })
    const fallback = vi.fn()
    const client = openOrders(server, { fallback })
    const controller = new AbortController()
    const call = failureOf(client.getOrder({ id: '42' }, controller))
    await server.received(1)
    controller.abort()
    expect(await call).toMatchObject({ code: 'ABORTED' })
    expect(await failureOf(client.getOrder({} as never))).toMatchObject({ code: 'INVALID_INPUT' })
    expect(fallback).not.toHaveBeenCalled()
  })

  it('that fails tells what it failed to make good', async () => {
    await using server = await faultServer({ routes: { '*': answer(503) } })
    const broken = new TypeError('broken')
    const fallback = async () => Promise.reject(broken)
    const client = openOrders(server, { fallback, retry: false })
    await expect(client.getOrder({ id: '42' })).rejects.toBe(broken)
    expect(broken.cause).toMatchObject({ status: 503 })
    await expect(client.getOrder.safe({ id: '42' })).rejects.toBe(broken)
  })

  it('that fails with the error of another call leaves that as it is', async () => {
    await using server = await faultServer({ routes: { '*': answer(503) } })
    const other = new ClosedError()
    Object.assign(other, { dependency: 'cache', operation: 'read', attempts: 7 })
    const client = openOrders(server, { fallback: () => Promise.reject(other) })
    const failure = await failureOf(client.getOrder({ id: '42' }))
    expect(failure).toMatchObject({ dependency: 'cache', operation: 'read', attempts: 7 })
  })

  it('ends with the caller, however long it takes', async () => {
    await using server = await faultServer({ routes: { '*': answer(404) } })
    const controller = new AbortController()
    const fallback = () => {
      setImmediate(() => controller.abort())
      return new Promise<never>(() => {})
    }
    const client = openOrders(server, { fallback })
    expect(await failureOf(client.getOrder({ id: '42' }, controller))).toMatchObject({ code: 'ABORTED' })
  })
})

describe('a fallback that hangs', () => {
  it('does not keep the call', async () => {
    await using server = await faultServer({ routes: { '*': answer(503) } })
    const fallback = () => new Promise<never>(() => {})
    const client = openOrders(server, { timeoutMs: 30, retry: false, fallback })
    expect(await failureOf(client.getOrder({ id: '42' }))).toMatchObject({ code: 'HTTP_STATUS', status: 503 })
  })

  it('does not keep a call of createFetch', async () => {
    await using server = await faultServer({ routes: { '*': answer(503) } })
    const fallback = () => new Promise<never>(() => {})
    const call = openFetch({ timeoutMs: 30, retry: false, fallback })
    const error = await failureOf(call(server.url))
    expect(error).toMatchObject({ code: 'HTTP_STATUS', status: 503, attempts: 1 })
  })
})

describe('a hedge', () => {
  it('sends a second request after the delay, takes the first answer and aborts the other', async () => {
    await using server = await faultServer({ routes: { '*': cycle([stall(), found]) } })
    const client = openOrders(server, { hedge: { delayMs: 10 } })
    expect(await client.getOrder({ id: '42' })).toEqual({ id: '42' })
    expect(server.requests).toHaveLength(2)
    await vi.waitFor(() => expect(server.stats()).toMatchObject({ inFlight: 0 }))
    await vi.waitFor(() => expect(client.$stats().inFlight).toBe(0))
    // The loser is nobody's failure.
    expect(client.$stats().endpoints[0]?.circuitBreaker).toMatchObject({ successes: 1, failures: 0 })
  })

  it('with true waits for what is usual, once enough has been seen', async () => {
    await using server = await faultServer({ routes: { '*': answer(200) } })
    const client = openOrders(server, { hedge: true, retry: false })
    const hedged = vi.fn()
    client.$on('hedge', hedged)
    for (let call = 0; call < 100; call++) await client.listOrders()
    expect(hedged).not.toHaveBeenCalled()
    server.set('*', stall())
    const late = failureOf(client.listOrders(undefined, { timeoutMs: 1_000 }))
    expect(await late).toMatchObject({ code: 'DEADLINE_EXCEEDED', attempts: 2 })
    expect(hedged).toHaveBeenCalledOnce()
  })

  it('is never sent where that could do harm', async () => {
    await using server = await faultServer({ routes: { '*': [delay(40), answer(200)] } })
    const client = openOrders(server, { hedge: { delayMs: 5 } })
    await client.noteOrder({ text: 'x' })
    const once = async function* () {
      yield 'x'
    }
    await client.upload({ file: once() })
    expect(server.requests).toHaveLength(2)
    await client.placeOrder({ item: 'x' })
    expect(server.requests).toHaveLength(4)
    const [, , first, second] = server.requests
    expect(first?.headers['idempotency-key']).toBe(second?.headers['idempotency-key'])
  })

  it('needs the budget of retries, and a free permit', async () => {
    await using server = await faultServer({ routes: { '*': [delay(40), answer(200)] } })
    const poor = openOrders(server, { hedge: { delayMs: 5 }, retryBudget: { maxTokens: 0, floorMs: false } })
    await poor.listOrders()
    const full = openOrders(server, { hedge: { delayMs: 5 }, bulkhead: { maxConcurrent: 1 } })
    await full.listOrders()
    expect(server.requests).toHaveLength(2)
    expect(full.$stats()).toMatchObject({ inFlight: 0, retryBudget: { tokens: 10 } })
  })
})

describe('a rate limit', () => {
  it('lets calls wait for their turn, and counts calls, not attempts', async () => {
    await using server = await faultServer({ routes: { '*': cycle([answer(503), found]) } })
    const client = openOrders(server, { rateLimit: { limit: 2, intervalMs: 200 } })
    const calls = Array.from({ length: 3 }, () => client.getOrder({ id: '42' }))
    await Promise.all(calls.slice(0, 2))
    expect(server.requests).toHaveLength(4)
    await Promise.all(calls)
    expect(server.requests).toHaveLength(6)
  })

  it('refuses at once what cannot have its turn in time', async () => {
    await using server = await faultServer({ routes: { '*': found } })
    const client = openOrders(server, { rateLimit: { limit: 1, intervalMs: 60_000 } })
    await client.getOrder({ id: '42' })
    const failure = await failureOf(client.getOrder({ id: '42' }, { timeoutMs: 2_000 }))
    expect(failure).toMatchObject({ code: 'RATE_LIMITED', phase: 'queued', attempts: 0 })
    expect(failure.retryAfterMs).toBeGreaterThan(0)
  })
})
