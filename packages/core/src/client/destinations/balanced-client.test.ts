import { text } from 'node:stream/consumers'
import { describe, expect, it, vi } from 'vitest'
import { endpointOf, forThisTest, openFleet, ScriptedResolver } from '../../../test/fixtures/client-fleet.js'
import { failureOf } from '../../../test/fixtures/orders.js'
import { answer, type Behaviour, delay, drip, faultServer, stall } from '../../testing.js'
import { staticEndpoints } from '../../upstream/endpoints/index.js'

const startServers = (...behaviours: Behaviour[]) =>
  forThisTest(behaviours.map((behaviour) => faultServer({ routes: { '*': behaviour } })))

const found = answer(200, { json: { id: '42' } })

describe('a client of several endpoints', () => {
  it('spreads its calls over them', async () => {
    const servers = await startServers(found, found, found)
    const client = openFleet(servers)
    for (let round = 0; round < 30; round++) {
      await Promise.all(Array.from({ length: 10 }, () => client.getOrder({ id: '42' })))
    }
    const counts = servers.map(({ requests }) => requests.length)
    expect(counts.reduce((sum, count) => sum + count)).toBe(300)
    expect(Math.min(...counts)).toBeGreaterThan(10)
    expect(client.$stats().endpoints).toMatchObject(
      servers.map(({ url }) => ({ origin: url, state: 'active', inFlight: 0 })),
    )
  })

  it('puts the path of an endpoint in front, and its server name into the host header', async () => {
    const [server] = await startServers(answer(200))
    const client = openFleet([{ url: `${server?.url}/v2/`, serverName: 'orders.example' }])
    await client.listOrders()
    expect(server?.requests[0]).toMatchObject({ path: '/v2/orders', headers: { host: 'orders.example' } })
    await client.listOrders(undefined, { headers: { host: 'mine.example' } })
    expect(server?.requests[1]?.headers.host).toBe('mine.example')
  })

  it('shuns one that fails fast, and fails no call', async () => {
    const servers = await startServers(answer(503), found, found)
    const client = openFleet(servers)
    // At once, so that each gets some.
    await Promise.all(Array.from({ length: 9 }, () => client.getOrder({ id: '42' })))
    for (let call = 0; call < 200; call++) await client.getOrder({ id: '42' })
    expect(servers[0]?.requests.length).toBeLessThan(10)
    expect(endpointOf(client, servers[0] as never).costMs).toBeGreaterThan(100)
  })

  it('sends every attempt of a call to another endpoint', async () => {
    const servers = await startServers(answer(503), answer(503), answer(503))
    const client = openFleet(servers)
    expect(await failureOf(client.listOrders())).toMatchObject({ status: 503, attempts: 3 })
    expect(servers.map(({ requests }) => requests.length)).toEqual([1, 1, 1])
  })

  it('sends a retry to another endpoint also where that seems the worse', async () => {
    const servers = await startServers(answer(408), found)
    const [first, second] = servers.map(({ url }) => url) as [string, string]
    const balancing = { algorithm: 'roundRobin' } as const
    const client = openFleet([{ url: first, weight: 1_000 }, second], { balancing })
    for (let call = 0; call < 5; call++) await client.getOrder({ id: '42' })
    expect(servers.map(({ requests }) => requests.length)).toEqual([5, 5])
  })

  it('sends the second leg of a hedged call to another endpoint, while the first is on its way', async () => {
    const servers = await startServers(stall(), stall())
    const [first, second] = servers.map(({ url }) => url) as [string, string]
    const client = openFleet([{ url: first, weight: 1_000 }, second], {
      balancing: { algorithm: 'roundRobin' },
      hedge: { delayMs: 10 },
      retry: false,
    })
    const call = client.getOrder({ id: '42' }, { timeoutMs: 500 })
    expect(await failureOf(call)).toMatchObject({ code: 'DEADLINE_EXCEEDED', attempts: 2 })
    expect(servers.map(({ requests }) => requests.length)).toEqual([1, 1])
    await vi.waitFor(() =>
      expect(client.$stats().endpoints).toMatchObject([{ inFlight: 0 }, { inFlight: 0 }]),
    )
  })

  it('finishes what is in flight on one that is listed no more', async () => {
    const servers = await startServers([delay(60), found], found)
    const [leaving, staying] = servers.map(({ url }) => url) as [string, string]
    const endpoints = staticEndpoints([leaving])
    const client = openFleet(endpoints)
    const events: string[] = []
    client.$on('endpointAdded', ({ origin }) => events.push(`added ${origin}`))
    client.$on('endpointRemoved', ({ origin, inFlight }) => events.push(`removed ${origin} with ${inFlight}`))
    client.$on('endpointReleased', ({ origin }) => events.push(`released ${origin}`))
    const pending = client.getOrder({ id: '42' })
    await servers[0]?.received(1)
    endpoints.replace([staying])
    expect(client.$stats().endpoints).toMatchObject([
      { origin: staying, state: 'active' },
      { origin: leaving, state: 'draining', inFlight: 1 },
    ])
    await client.getOrder({ id: '42' })
    expect(await pending).toEqual({ id: '42' })
    expect(servers.map(({ requests }) => requests.length)).toEqual([1, 1])
    expect(client.$stats().endpoints).toMatchObject([{ origin: staying }])
    // Its connections go with it, long before they would as idle ones.
    await vi.waitFor(() => expect(servers[0]?.stats()).toMatchObject({ connections: 0 }))
    expect(events).toEqual([`added ${staying}`, `removed ${leaving} with 1`, `released ${leaving}`])
  })

  it('lets a response stream to its end from one that is listed no more', async () => {
    const servers = await startServers(drip({ bytes: 4, everyMs: 5 }), found)
    const endpoints = staticEndpoints([servers[0]?.url ?? ''])
    const client = openFleet(endpoints)
    const stream = await client.download()
    endpoints.replace([servers[1]?.url ?? ''])
    expect((await text(stream as never)).length).toBeGreaterThan(0)
  })

  it('follows one that comes back at another port without a failed call', async () => {
    const [before, after] = await startServers(found, found)
    const resolver = new ScriptedResolver()
    const client = openFleet(resolver)
    resolver.say(before as never)
    await client.getOrder({ id: '42' })
    await before?.refuse()
    resolver.onRefresh = () => resolver.say(after as never)
    expect(await client.getOrder({ id: '42' })).toEqual({ id: '42' })
    expect(resolver.refreshes).toBe(1)
    expect(client.$stats().endpoints).toMatchObject([{ origin: after?.url }])
  })

  it('loses no call when one of them dies with requests in flight', async () => {
    const servers = await startServers([delay(40), found], [delay(40), found], [delay(40), found])
    const client = openFleet(servers, { retryBudget: false })
    const pending = Array.from({ length: 60 }, () => client.getOrder({ id: '42' }))
    await servers[1]?.received(5)
    await servers[1]?.refuse()
    expect(await Promise.all(pending)).toHaveLength(60)
    for (let call = 0; call < 10; call++) expect(await client.getOrder({ id: '42' })).toEqual({ id: '42' })
  })

  it('fails with CIRCUIT_OPEN and the time until the next probe when all breakers are open', async () => {
    const servers = await startServers(found, found)
    const client = openFleet(servers, { retry: false })
    const rejected = vi.fn()
    client.$on('reject', rejected)
    for (const server of servers) await server.refuse()
    for (let call = 0; call < 20; call++) await client.listOrders.safe()
    const failure = await failureOf(client.listOrders())
    expect(failure).toMatchObject({ code: 'CIRCUIT_OPEN', attempts: 0, dependency: 'orders' })
    expect(failure.message).toContain('the circuits of all 2 endpoints are open')
    expect(failure.retryAfterMs).toBeGreaterThan(0)
    expect(failure.retryAfterMs).toBeLessThanOrEqual(5_000)
    expect(rejected).toHaveBeenCalledWith(
      expect.objectContaining({ operation: 'listOrders', reason: 'circuit open' }),
    )
    expect(client.$circuitBreakers().map(({ state }) => state)).toEqual(['open', 'open'])
    expect(client.$circuitBreakers().map(({ opossum }) => opossum.name)).toEqual(
      servers.map(({ url }) => `orders ${url}`),
    )
  })

  it('opens the breaker of an only endpoint too', async () => {
    const servers = await startServers(found)
    const client = openFleet(servers, { retry: false })
    await servers[0]?.refuse()
    for (let call = 0; call < 5; call++) await client.listOrders.safe()
    const failure = await failureOf(client.listOrders())
    expect(failure).toMatchObject({ code: 'CIRCUIT_OPEN' })
    expect(failure.message).toContain('the circuit of the only endpoint is open')
  })

  it('leaves the others in use while one is isolated by hand', async () => {
    const servers = await startServers(found, found)
    const client = openFleet(servers)
    client.$circuitBreakers()[0]?.isolate()
    for (let call = 0; call < 20; call++) await client.listOrders()
    expect(servers.map(({ requests }) => requests.length)).toEqual([0, 20])
  })

  it('waits for calls in flight when it is closed, then lets go of everything', async () => {
    const servers = await startServers([delay(30), found], [delay(30), found])
    const resolver = new ScriptedResolver()
    const client = openFleet(resolver)
    resolver.say(...servers)
    const pending = [client.getOrder({ id: '42' }), client.getOrder({ id: '42' })]
    await vi.waitFor(() => expect(servers.flatMap(({ requests }) => requests)).toHaveLength(2))
    await client.$close()
    expect(await Promise.all(pending)).toEqual([{ id: '42' }, { id: '42' }])
    expect(resolver.closes).toBe(1)
    expect(client.$stats().endpoints).toEqual([])
    expect(await failureOf(client.listOrders())).toMatchObject({ code: 'CLOSED' })
    for (const server of servers) {
      await vi.waitFor(() => expect(server.stats()).toMatchObject({ connections: 0 }))
    }
  })
})

describe('Retry-After', () => {
  it('pauses the endpoint that asked for it, and makes no retry wait that can go elsewhere', async () => {
    const busy = answer(503, { headers: { 'retry-after': '30' } })
    const servers = await startServers(busy, found)
    const client = openFleet(servers, { timeoutMs: 2_000, random: () => 0 })
    for (let call = 0; call < 40; call++) expect(await client.getOrder({ id: '42' })).toEqual({ id: '42' })
    expect(servers[0]?.requests).toHaveLength(1)
    expect(endpointOf(client, servers[0] as never)).toMatchObject({ state: 'paused' })
    expect(endpointOf(client, servers[1] as never)).toMatchObject({ state: 'active' })
  })

  it('pauses nothing where it was asked of a batch call: there may be room for others', async () => {
    const busy = answer(503, { headers: { 'retry-after': '30' } })
    const servers = await startServers(busy, busy)
    const client = openFleet(servers, { retry: false })
    for (let call = 0; call < 4; call++) await client.getOrder.safe({ id: '42' }, { priority: 'batch' })
    expect(client.$stats().endpoints).toMatchObject([{ state: 'active' }, { state: 'active' }])
    await client.getOrder.safe({ id: '42' })
    expect(
      client
        .$stats()
        .endpoints.map(({ state }) => state)
        .sort(),
    ).toEqual(['active', 'paused'])
  })

  it('is waited for where every endpoint has asked for it', async () => {
    const busy = answer(503, { headers: { 'retry-after': '30' } })
    const servers = await startServers(busy, busy)
    const client = openFleet(servers, { timeoutMs: 2_000 })
    // The first retry can go elsewhere; the second would have to wait for longer than the call may take.
    expect(await failureOf(client.listOrders())).toMatchObject({ status: 503, attempts: 2 })
  })
})
