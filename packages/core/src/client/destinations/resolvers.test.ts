import { describe, expect, it, vi } from 'vitest'
import { forThisTest, openFleet, ScriptedResolver } from '../../../test/fixtures/client-fleet.js'
import { failureOf } from '../../../test/fixtures/orders.js'
import { answer, type Behaviour, faultServer } from '../../testing.js'
import { type DnsAnswer, dnsEndpoints } from '../../upstream/endpoints/index.js'

const startServers = (...behaviours: Behaviour[]) =>
  forThisTest(behaviours.map((behaviour) => faultServer({ routes: { '*': behaviour } })))

const found = answer(200, { json: { id: '42' } })

describe('a resolver', () => {
  it('is waited for by calls that come before it has answered', async () => {
    const [server] = await startServers(found)
    const resolver = new ScriptedResolver()
    const client = openFleet(resolver, { adaptiveConcurrency: { initialLimit: 1 } })
    const pending = Array.from({ length: 20 }, () => client.getOrder({ id: '42' }))
    await Promise.resolve()
    // Who waits for it holds no permit.
    expect(client.$stats()).toMatchObject({ inFlight: 0, queued: 0, endpoints: [] })
    resolver.say(server as never)
    expect(await Promise.all(pending)).toHaveLength(20)
  })

  it.each<[string, (resolver: ScriptedResolver) => void, string]>([
    ['answers nothing', (resolver) => resolver.listener?.update([]), 'the resolver names no endpoint'],
    ['fails', (resolver) => resolver.listener?.error(new Error('no route')), 'the resolver failed: no route'],
    ['names what is none', (resolver) => resolver.listener?.update(['orders:3000']), 'the resolver failed'],
  ])('that %s makes calls fail at once', async (_, act, message) => {
    const resolver = new ScriptedResolver()
    const client = openFleet(resolver)
    const told = vi.fn()
    client.$on('resolverError', told)
    act(resolver)
    const failure = await failureOf(client.listOrders())
    expect(failure).toMatchObject({ code: 'NO_ENDPOINTS', phase: 'lookup', attempts: 0 })
    expect(failure.message).toContain(message)
    expect(told).toHaveBeenCalledWith({ dependency: 'orders', error: expect.any(Error) })
  })

  it('that throws is asked again, and calls fail at once meanwhile', async () => {
    const client = openFleet({
      watch() {
        throw new Error('not configured')
      },
    })
    expect(await failureOf(client.listOrders())).toMatchObject({ code: 'NO_ENDPOINTS' })
  })

  it('that hangs makes calls fail when their time is up', async () => {
    const client = openFleet({ watch: () => ({ close() {} }) })
    const failure = await failureOf(client.listOrders(undefined, { timeoutMs: 30 }))
    expect(failure).toMatchObject({ code: 'NO_ENDPOINTS', phase: 'lookup', attempts: 0 })
    const controller = new AbortController()
    const pending = failureOf(client.listOrders(undefined, { signal: controller.signal }))
    controller.abort()
    expect(await pending).toMatchObject({ code: 'ABORTED' })
  })

  it('that flaps loses no call', async () => {
    const servers = await startServers(found, found, found)
    const resolver = new ScriptedResolver()
    const client = openFleet(resolver)
    const calls: Promise<unknown>[] = []
    for (let turn = 0; turn < 60; turn++) {
      resolver.say(servers[turn % 3] as never, servers[(turn + 1) % 3] as never)
      if (turn % 7 === 0) resolver.listener?.update([])
      if (turn % 11 === 0) resolver.listener?.error(new Error('again'))
      calls.push(client.getOrder({ id: '42' }), client.getOrder({ id: '42' }))
      if (turn % 5 === 0) await calls.at(-1)
    }
    expect(await Promise.all(calls)).toHaveLength(120)
    await vi.waitFor(() => expect(client.$stats().endpoints).toHaveLength(2))
    expect(client.$stats().endpoints.every(({ inFlight }) => inFlight === 0)).toBe(true)
  })

  it('may name one twice, and give weights of zero', async () => {
    const servers = await startServers(found, found)
    const [spare, used] = servers.map(({ url }) => url) as [string, string]
    const resolver = new ScriptedResolver()
    const client = openFleet(resolver)
    const told = vi.fn()
    client.$on('resolverError', told)
    resolver.listener?.update([{ url: spare, weight: 0 }, used, used])
    expect(client.$stats().endpoints.map(({ origin }) => origin)).toEqual([spare, used])
    expect(told).toHaveBeenCalledOnce()
    expect(await client.getOrder({ id: '42' })).toEqual({ id: '42' })
    // The spare is used when the other cannot be.
    await servers[1]?.refuse()
    expect(await client.getOrder({ id: '42' })).toEqual({ id: '42' })
    resolver.listener?.update([{ url: spare, weight: 0 }])
    expect(await client.getOrder({ id: '42' })).toEqual({ id: '42' })
  })
})

describe('DNS', () => {
  it('names the addresses of a dependency', async () => {
    const [server] = await startServers(found)
    const asked: unknown[] = []
    const resolve = async (question: unknown): Promise<DnsAnswer[]> => {
      asked.push(question)
      return [{ host: '127.0.0.1', ttlSeconds: 60 }]
    }
    const client = openFleet(dnsEndpoints({ hostname: 'orders.internal', port: server?.port ?? 0, resolve }))
    expect(await client.getOrder({ id: '42' })).toEqual({ id: '42' })
    expect(asked).toEqual([{ hostname: 'orders.internal', type: 'A' }])
    expect(server?.requests[0]?.headers.host).toBe(`orders.internal:${server?.port}`)
  })

  it('that knows no such name makes calls fail', async () => {
    const resolve = () => Promise.reject(Object.assign(new Error('queryA ENOTFOUND'), { code: 'ENOTFOUND' }))
    const client = openFleet(dnsEndpoints({ hostname: 'orders.internal', resolve }))
    const failure = await failureOf(client.listOrders())
    expect(failure).toMatchObject({ code: 'NO_ENDPOINTS', cause: { code: 'DNS_FAILED' } })
  })
})
