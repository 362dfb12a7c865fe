import { describe, expect, it } from 'vitest'
import { forThisTest, openFleet } from '../../../test/fixtures/client-fleet.js'
import { factsOf, startTestSdk } from '../../../test/fixtures/client-spans.js'
import { clientCheck, healthRegistry } from '../../service/health/index.js'
import { runWithContext } from '../../telemetry/context/index.js'
import { createLogger } from '../../telemetry/logging/index.js'
import { createMetrics } from '../../telemetry/metrics/index.js'
import { answer, type Behaviour, type FaultServer, faultServer } from '../../testing.js'

const startServers = (...behaviours: Behaviour[]) =>
  forThisTest(behaviours.map((behaviour) => faultServer({ routes: { '*': behaviour } })))

const given = { correlationId: 'order-4711' }

const correlationOf = (server: FaultServer | undefined) => server?.requests[0]?.headers['x-correlation-id']

describe('what a client of several endpoints tells', () => {
  it('has a span for each attempt, by the name of the dependency and the place of the endpoint', async () => {
    const spans = startTestSdk()
    const servers = await startServers(answer(503), answer(503))
    const client = openFleet(servers, { retry: { maxAttempts: 2, baseMs: 1, maxMs: 1 } })
    await client.listOrders.safe()
    const attempts = factsOf(spans()).filter(({ kind }) => kind === 'CLIENT')
    expect(attempts.map(({ attributes }) => attributes['server.address'])).toEqual(['orders', 'orders'])
    const ports = attempts.map(({ attributes }) => attributes['server.port'])
    expect(ports.sort()).toEqual(servers.map(({ port }) => port).sort())
    expect(attempts[0]?.attributes).toMatchObject({
      'network.peer.address': '127.0.0.1',
      'holdfast.dependency': 'orders',
    })
    expect(servers.map(({ requests }) => requests[0]?.headers.traceparent)).toEqual([
      expect.any(String),
      expect.any(String),
    ])
  })

  it.each<[string, boolean | readonly ['here'] | undefined, boolean, boolean]>([
    ['by default all', undefined, true, true],
    ['all', true, true, true],
    ['none', false, false, false],
    ['those that are listed', ['here'], true, false],
  ])('lets know of the request %s', async (_, given_, first, second) => {
    const servers = await startServers(answer(503), answer(503))
    const propagate = Array.isArray(given_) ? [`127.0.0.1:${servers[0]?.port}`] : (given_ as boolean)
    const client = openFleet(servers, { random: () => 0, ...(given_ !== undefined && { propagate }) })
    const sdk = startTestSdk()
    await runWithContext(given, () => client.listOrders.safe())
    expect(sdk().length).toBeGreaterThan(0)
    expect(servers.map(correlationOf).map((id) => id === 'order-4711')).toEqual([first, second])
    const traced = servers.map(({ requests }) => requests[0]?.headers.traceparent !== undefined)
    expect(traced).toEqual([first, second])
    const timed = servers.map(({ requests }) => requests[0]?.headers['x-request-timeout-ms'] !== undefined)
    expect(timed).toEqual([first, second])
  })

  it('knows an endpoint by its server name', async () => {
    const [server] = await startServers(answer(200))
    const endpoints = [{ url: server?.url ?? '', serverName: 'orders.internal' }]
    const client = openFleet(endpoints, { propagate: ['*.internal'] })
    await runWithContext(given, () => client.listOrders())
    expect(correlationOf(server)).toBe('order-4711')
  })

  it('is logged, counted and checked', async () => {
    const lines: Record<string, unknown>[] = []
    const destination = { write: (line: string) => lines.push(JSON.parse(line)) }
    const logger = createLogger({ name: 'shop', destination, pretty: false })
    const metrics = createMetrics({ process: false })
    const servers = await startServers(answer(200), answer(200))
    const client = openFleet(servers, { logger, metrics, retry: false })
    const health = healthRegistry()
    health.add('orders', clientCheck(client), { cacheMs: 0, failuresBeforeDown: 1 })
    const statusOf = async () => (await health.aggregate()).checks[0]?.status
    expect(await statusOf()).toBe('pass')
    await servers[0]?.refuse()
    for (let call = 0; call < 40; call++) await client.listOrders.safe()
    client.$circuitBreakers()[0]?.isolate()
    expect(await statusOf()).toBe('warn')
    await servers[1]?.refuse()
    for (let call = 0; call < 40; call++) await client.listOrders.safe()
    expect(await statusOf()).toBe('fail')
    const told = new Set(lines.map(({ msg }) => msg))
    expect(told).toContain('endpoint added')
    expect(told).toContain('endpoint ejected')
    expect(told).toContain('circuit open')
    const text = await metrics.registry.metrics()
    expect(text).toMatch(/http_client_endpoint_ejections_total\{dependency="orders",endpoint="[^"]+"\} 1/)
    expect(text).toMatch(/http_client_concurrency_limit\{dependency="orders"\} \d+/)
    for (const { url } of servers) {
      expect(text).toContain(
        `http_client_circuit_breaker_state{dependency="orders",endpoint="${url}",state="open"}`,
      )
    }
  })
})
