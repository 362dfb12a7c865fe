import { describe, expect, it, vi } from 'vitest'
import { failureOf, openOrders } from '../../../test/fixtures/orders.js'
import { answer, capacity, delay, faultServer, stall } from '../../testing.js'

const found = answer(200, { json: { id: '42' } })

/** Time enough for a machine that is busy with other things: what takes its time is no sign of overload. */
const unhurried = { attemptTimeoutMs: 20_000, timeoutMs: 25_000 }

describe('the adaptive limit of a client', () => {
  it('lets a cold burst of 100 calls pass', async () => {
    await using server = await faultServer({ routes: { '*': [delay(5), found] } })
    const client = openOrders(server, unhurried)
    await Promise.all(Array.from({ length: 100 }, () => client.getOrder({ id: '42' })))
    expect(client.$stats().limit).toBeGreaterThan(64)
    expect(client.$stats()).toMatchObject({ inFlight: 0, queued: 0 })
  })

  it('is cut where most attempts are lost, and says so in $stats', async () => {
    await using server = await faultServer({
      routes: { '*': answer(503, { headers: { 'retry-after': '0' } }) },
    })
    const client = openOrders(server, { retry: false, circuitBreaker: false })
    await Promise.all(Array.from({ length: 60 }, () => client.listOrders.safe()))
    expect(client.$stats().limit).toBeLessThan(64)
  })

  it('is not cut by errors that are no sign of load, nor by calls that their caller gives up', async () => {
    await using server = await faultServer({ routes: { '*': answer(500) } })
    const client = openOrders(server, { retry: false, circuitBreaker: false })
    await Promise.all(Array.from({ length: 60 }, () => client.listOrders.safe()))
    server.set('*', stall())
    const controller = new AbortController()
    const calls = Array.from({ length: 60 }, () => client.listOrders.safe(undefined, controller))
    await server.received(120)
    controller.abort()
    await Promise.all(calls)
    expect(client.$stats().limit).toBe(64)
  })

  it('takes an attempt by its own timeout: what is slow to one is not to the other', async () => {
    await using server = await faultServer({ routes: { '*': [delay(60), found] } })
    const calls = (client: ReturnType<typeof openOrders>) =>
      Promise.all(Array.from({ length: 60 }, () => client.getOrder({ id: '42' })))
    const patient = openOrders(server, unhurried)
    await calls(patient)
    expect(patient.$stats().limit).toBeGreaterThan(64)
    const hasty = openOrders(server, { attemptTimeoutMs: 200, retry: false })
    await calls(hasty)
    expect(hasty.$stats().limit).toBeLessThan(64)
  })

  it('tells of what it refuses and sheds', async () => {
    await using server = await faultServer({ routes: { '*': stall() } })
    const client = openOrders(server, {
      adaptiveConcurrency: { maxLimit: 1, maxQueue: 1, maxQueueWaitMs: 20 },
      retry: false,
    })
    const [rejected, shed] = [vi.fn(), vi.fn()]
    client.$on('reject', rejected)
    client.$on('shed', shed)
    const controller = new AbortController()
    const running = client.listOrders.safe(undefined, controller)
    await server.received(1)
    const waiting = failureOf(client.listOrders())
    expect(await failureOf(client.listOrders())).toMatchObject({ code: 'CONCURRENCY_LIMIT', attempts: 0 })
    expect(await waiting).toMatchObject({ code: 'CONCURRENCY_LIMIT' })
    expect(rejected).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ reason: 'queue full' }))
    expect(shed).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ operation: 'listOrders' }))
    controller.abort()
    await running
  })

  it('goes before the sockets: nothing waits for one', async () => {
    await using server = await faultServer({ routes: { '*': stall() } })
    const client = openOrders(server, { adaptiveConcurrency: { maxLimit: 3 }, retry: false })
    const controller = new AbortController()
    const calls = Array.from({ length: 10 }, () => client.listOrders.safe(undefined, controller))
    await server.received(3)
    expect(client.$stats()).toMatchObject({ limit: 3, inFlight: 3, queued: 7 })
    expect(client.$stats().endpoints[0]?.connections).toMatchObject({ running: 3, waitingForSocket: 0 })
    controller.abort()
    await Promise.all(calls)
  })

  it('finds what a server with a queue can bear', async () => {
    await using server = await faultServer({
      routes: { '*': [capacity({ slots: 4 }), delay(10), found] },
    })
    const client = openOrders(server, { attemptTimeoutMs: 200, retry: false, circuitBreaker: false })
    for (let round = 0; round < 6; round++) {
      await Promise.all(Array.from({ length: 100 }, () => client.getOrder.safe({ id: '42' })))
    }
    expect(client.$stats().limit).toBeLessThan(64)
  })
})
