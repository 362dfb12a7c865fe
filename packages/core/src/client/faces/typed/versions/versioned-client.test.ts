import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { forThisTest } from '../../../../../test/fixtures/client-fleet.js'
import { failureOf, orders } from '../../../../../test/fixtures/orders.js'
import { callUntilEnded, openVersioned, quickly } from '../../../../../test/fixtures/versions.js'
import { runWithContext } from '../../../../telemetry/context/index.js'
import { answer, delay, type FaultServer, faultServer, seededRandom } from '../../../../testing.js'
import { trafficSplit } from '../../../../upstream/traffic/index.js'
import { createClient } from '../create-client.js'

const served = (by: string) => answer(200, { json: { id: by } })

async function twoVersions(): Promise<{ readonly stable: FaultServer; readonly canary: FaultServer }> {
  const start = (by: string) => faultServer({ routes: { '*': served(by) } })
  const [stable, canary] = await forThisTest([start('stable'), start('canary')])
  return { stable, canary } as { stable: FaultServer; canary: FaultServer }
}

describe('a client of several versions', () => {
  it('shares its calls by weight, which may change at any time', async () => {
    const servers = await twoVersions()
    const traffic = { weights: { stable: 90, canary: 10 }, random: seededRandom(5) }
    const client = openVersioned(servers, { traffic })
    for (let batch = 0; batch < 10; batch++) {
      await Promise.all(Array.from({ length: 30 }, () => client.listOrders()))
    }
    expect(servers.stable.requests.length + servers.canary.requests.length).toBe(300)
    expect(servers.canary.requests.length).toBeGreaterThan(12)
    expect(servers.canary.requests.length).toBeLessThan(50)
    client.$traffic.setWeights({ stable: 0, canary: 1 })
    expect(await client.getOrder({ id: '1' })).toEqual({ id: 'canary' })
    const safe = await client.getOrder.safe({ id: '1' })
    expect(safe).toMatchObject({ ok: true, data: { id: 'canary' } })
    const { versions } = client.$traffic.stats()
    expect(versions.stable.ok + versions.canary.ok).toBe(302)
  })

  it('counts no call for a version that was refused before it began', async () => {
    const client = openVersioned(await twoVersions())
    const failure = await runWithContext({ timeoutMs: 1 }, async () => {
      await sleep(5)
      return failureOf(client.listOrders())
    })
    expect(failure).toMatchObject({ code: 'DEADLINE_EXCEEDED', phase: 'queued', attempts: 0 })
    expect(client.$traffic.stats().versions.stable).toMatchObject({ ok: 0, failed: 0 })
  })

  it('keeps the same customer at the same version', async () => {
    const client = openVersioned(await twoVersions(), {
      traffic: {
        weights: { stable: 50, canary: 50 },
        stickyBy: ({ input }: { input: { id: string } }) => input.id,
      },
    })
    const where = async () =>
      Promise.all(Array.from({ length: 20 }, (_, id) => client.getOrder({ id: `customer-${id}` })))
    const first = await where()
    expect(new Set(first.map(({ id }) => id)).size).toBe(2)
    expect(await where()).toEqual(first)
  })

  it('follows rules by operation, path, method, header and percentage', async () => {
    const client = openVersioned(await twoVersions())
    const version = async (id: string, headers?: Record<string, string>) =>
      (await client.getOrder({ id }, { headers })).id
    client.$traffic.setRules([
      { headers: { 'x-canary': 'yes' }, version: 'canary' },
      { path: '/orders/{id}', method: 'DELETE', version: 'canary' },
      { operation: 'listOrders', version: 'canary' },
    ])
    expect(await version('1')).toBe('stable')
    expect(await version('1', { 'X-Canary': 'yes' })).toBe('canary')
    expect(await client.listOrders()).toEqual({ id: 'canary' })
    await client.removeOrder({ id: '1' })
    expect(client.$traffic.stats().versions.canary.decided).toBe(3)
    client.$traffic.setRules([{ path: '/orders/*', percent: 50, version: 'canary' }])
    const versions = await Promise.all(Array.from({ length: 100 }, () => version('1')))
    expect(new Set(versions)).toEqual(new Set(['stable', 'canary']))
  })

  it('tells versions at one address apart by a header', async () => {
    const [server] = (await forThisTest([faultServer()])) as [FaultServer]
    const client = createClient(orders, {
      versions: {
        stable: { baseUrl: server.url },
        canary: { baseUrl: server.url, headers: { 'X-Version': 'canary' } },
      },
      traffic: { weights: { stable: 0, canary: 1 } },
      headers: { 'x-version': 'none', 'x-shop': 'eu' },
    })
    await client.listOrders()
    await client.$close()
    expect(server.requests[0]?.headers).toMatchObject({ 'x-version': 'canary', 'x-shop': 'eu' })
  })

  it('retries at the same version', async () => {
    const servers = await twoVersions()
    servers.canary.set('*', answer(503))
    const client = openVersioned(servers, { traffic: { weights: { stable: 0, canary: 1 } } })
    expect(await failureOf(client.listOrders())).toMatchObject({
      status: 503,
      attempts: 3,
      dependency: 'orders',
    })
    expect(servers.stable.requests).toHaveLength(0)
  })

  it('has a bad version take nothing from a good one', async () => {
    const servers = await twoVersions()
    await servers.canary.refuse()
    const client = openVersioned(servers, { traffic: { weights: { stable: 0, canary: 1 } } })
    for (let call = 0; call < 30; call++) await failureOf(client.listOrders())
    const { versions } = client.$stats()
    expect(versions?.canary?.endpoints[0]?.circuitBreaker?.state).toBe('open')
    expect(versions?.canary?.retryBudget?.tokens).toBeLessThan(10)
    expect(versions?.stable?.endpoints[0]?.circuitBreaker?.state).toBe('closed')
    expect(versions?.stable?.retryBudget?.tokens).toBe(10)
    client.$traffic.switchTo('stable')
    expect(await client.getOrder({ id: '1' })).toEqual({ id: 'stable' })
  })

  it('switches from blue to green and back under load without a failed call', async () => {
    const servers = await twoVersions()
    for (const server of [servers.stable, servers.canary]) server.set('*', [delay(2), answer()])
    const client = openVersioned(servers)
    let isOver = false
    let calls = 0
    const callers = Array.from({ length: 20 }, async () => {
      while (!isOver) {
        await client.listOrders()
        calls++
      }
    })
    for (const [version, server] of [
      ['canary', servers.canary],
      ['stable', servers.stable],
      ['canary', servers.canary],
    ] as const) {
      client.$traffic.switchTo(version)
      server.clear()
      await server.received(100)
    }
    isOver = true
    await Promise.all(callers)
    expect(calls).toBeGreaterThan(300)
  })
})

describe('a canary of a client', () => {
  it('is rolled back by itself when it fails', async () => {
    const servers = await twoVersions()
    servers.canary.set('*', answer(500))
    const client = openVersioned(servers)
    const run = client.$traffic.startCanary('canary', { ...quickly, steps: [20, 100], stepMs: 60_000 })
    const result = await callUntilEnded(run, () => client.listOrders.safe())
    expect(result).toMatchObject({
      outcome: 'rolledBack',
      reason: 'error rate',
      percent: 20,
      ofBaseline: { failed: 0 },
    })
    servers.canary.clear()
    await Promise.all(Array.from({ length: 50 }, () => client.listOrders()))
    expect(servers.canary.requests).toHaveLength(0)
  })

  it('is rolled back by itself when it cannot be reached, though its breaker refuses most calls', async () => {
    const servers = await twoVersions()
    await servers.canary.refuse()
    const client = openVersioned(servers)
    const run = client.$traffic.startCanary('canary', { ...quickly, steps: [20, 100], stepMs: 60_000 })
    const result = await callUntilEnded(run, () => client.listOrders.safe())
    expect(result).toMatchObject({ outcome: 'rolledBack', reason: 'error rate' })
  })

  it('is rolled back by itself when only a fallback answers in its place', async () => {
    const servers = await twoVersions()
    servers.canary.set('*', answer(500))
    const client = openVersioned(servers, { fallback: () => 'fallback' })
    const run = client.$traffic.startCanary('canary', { ...quickly, steps: [20, 100], stepMs: 60_000 })
    const result = await callUntilEnded(run, () => client.listOrders())
    expect(result).toMatchObject({ outcome: 'rolledBack', reason: 'error rate' })
  })

  it('is rolled back by itself when it is slow', async () => {
    const servers = await twoVersions()
    servers.canary.set('*', [delay(150), served('canary')])
    const client = openVersioned(servers)
    const options = { ...quickly, steps: [50, 100], stepMs: 60_000, minLatencyIncreaseMs: 50 }
    const run = client.$traffic.startCanary('canary', options)
    const result = await callUntilEnded(run, () => client.listOrders())
    expect(result).toMatchObject({ outcome: 'rolledBack', reason: 'latency' })
  })

  it('takes over when it is well', async () => {
    const client = openVersioned(await twoVersions())
    const options = { ...quickly, maxLatencyRatio: false } as const
    const result = await callUntilEnded(client.$traffic.startCanary('canary', options), () =>
      client.listOrders(),
    )
    expect(result).toMatchObject({ outcome: 'promoted', percent: 100, ofVersion: { failed: 0 } })
    expect(await client.getOrder({ id: '1' })).toEqual({ id: 'canary' })
  })

  it("is not blamed for its callers' faults", async () => {
    const servers = await twoVersions()
    servers.canary.set('*', answer(404))
    const client = openVersioned(servers, { traffic: { weights: { stable: 0, canary: 1 } } })
    await client.listOrders.safe()
    await client.getOrder.safe({ id: 1 } as never)
    await client.listOrders.safe(undefined, { signal: AbortSignal.abort() })
    servers.canary.set('*', [delay(5_000), answer()])
    const controller = new AbortController()
    const aborted = client.listOrders.safe(undefined, { signal: controller.signal })
    await servers.canary.received(2)
    controller.abort()
    await aborted
    expect(client.$traffic.stats().versions.canary).toMatchObject({ decided: 4, ok: 1, failed: 0 })
  })

  it('is blamed for statuses that are listed', async () => {
    const servers = await twoVersions()
    servers.canary.set('*', answer(404))
    const traffic = { weights: { stable: 0, canary: 1 }, failureStatuses: [404] }
    const client = openVersioned(servers, { traffic })
    await client.listOrders.safe()
    expect(client.$traffic.stats().versions.canary).toMatchObject({ ok: 0, failed: 1 })
  })
})

describe('the controls of a client of several versions', () => {
  it('report the events of all versions with their names', async () => {
    const servers = await twoVersions()
    servers.canary.set('*', answer(503))
    const client = openVersioned(servers, { traffic: { weights: { stable: 0, canary: 1 } } })
    const events: unknown[] = []
    const off = client.$on('retry', (event) => events.push(event))
    await failureOf(client.listOrders())
    expect(events).toMatchObject(
      Array(2).fill({ dependency: 'orders', operation: 'listOrders', version: 'canary' }),
    )
    off()
    await failureOf(client.listOrders())
    expect(events).toHaveLength(2)
    expect(() => client.$on('retry', 1 as never)).toThrow(/listener: must be a function/)
  })

  it('sum up the state of all versions, and leave health the endpoints that get calls', async () => {
    const servers = await twoVersions()
    const client = openVersioned(servers)
    await client.listOrders()
    const stats = client.$stats()
    expect(stats).toMatchObject({ dependency: 'orders', inFlight: 0, queued: 0, retryBudget: { tokens: 20 } })
    expect(stats.limit).toBe((stats.versions?.stable?.limit ?? 0) + (stats.versions?.canary?.limit ?? 0))
    expect(stats.endpoints.map(({ origin }) => origin)).toEqual([servers.stable.url])
    client.$traffic.setRules([{ operation: 'listOrders', version: 'canary' }])
    expect(client.$stats().endpoints).toHaveLength(2)
    expect(client.$circuitBreakers()).toHaveLength(2)
    expect(
      openVersioned(servers, { bulkhead: false, adaptiveConcurrency: false, retryBudget: false }).$stats(),
    ).toMatchObject({ limit: undefined, retryBudget: undefined })
  })

  it('close all versions, and the canary with them', async () => {
    const servers = await twoVersions()
    servers.stable.set('*', [delay(50), answer()])
    const client = openVersioned(servers)
    const run = client.$traffic.startCanary('canary')
    const call = client.$traffic.switchTo('stable')
    expect(call).toBeUndefined()
    expect((await run.ended).outcome).toBe('stopped')
    const again = client.$traffic.startCanary('canary')
    const underWay = client.listOrders({} as never).catch(() => {})
    await client.$close()
    await underWay
    expect((await again.ended).outcome).toBe('stopped')
    expect(await failureOf(client.listOrders())).toMatchObject({ code: 'CLOSED' })
    await expect(client.$close({ timeoutMs: -1 })).rejects.toThrow(/timeoutMs/)
  })

  it('leave a split that was made by hand to its maker, who may share it', async () => {
    const servers = await twoVersions()
    const traffic = trafficSplit({ weights: { stable: 1, canary: 0 } })
    const reads = openVersioned(servers, { traffic })
    const writes = openVersioned(servers, { traffic })
    expect(reads.$traffic).toBe(traffic)
    traffic.switchTo('canary')
    expect(await reads.getOrder({ id: '1' })).toEqual({ id: 'canary' })
    expect(await writes.getOrder({ id: '1' })).toEqual({ id: 'canary' })
    traffic.rollback()
    const run = traffic.startCanary('canary')
    await reads.$close()
    await sleep(0)
    expect(traffic.stats().canary).toBeDefined()
    traffic.close()
    expect((await run.ended).outcome).toBe('stopped')
  })

  it('change options for all versions at once', async () => {
    const servers = await twoVersions()
    for (const server of [servers.stable, servers.canary]) server.set('*', answer(503))
    const client = openVersioned(servers, { traffic: { weights: { stable: 1, canary: 1 } } })
    client.$update({ retry: false })
    for (let call = 0; call < 10; call++)
      expect(await failureOf(client.listOrders())).toMatchObject({ attempts: 1 })
    expect(() => client.$update({ traffic: {} } as never)).toThrow(/traffic: cannot change at run time/)
  })
})
