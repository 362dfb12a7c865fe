import { describe, expect, it } from 'vitest'
import { forThisTest } from '../../../../../test/fixtures/client-fleet.js'
import { failureOf, orders } from '../../../../../test/fixtures/orders.js'
import { openVersioned } from '../../../../../test/fixtures/versions.js'
import { createService } from '../../../../service/service/index.js'
import { createLogger } from '../../../../telemetry/logging/index.js'
import { createMetrics } from '../../../../telemetry/metrics/index.js'
import { answer, type FaultServer, faultServer } from '../../../../testing.js'

function captured() {
  const lines: Record<string, unknown>[] = []
  const destination = { write: (line: string) => lines.push(JSON.parse(line)) }
  const logger = createLogger({ name: 'shop', version: '1.2.3', level: 'debug', destination, pretty: false })
  return { logger, lines }
}

async function servers(): Promise<{ stable: FaultServer; canary: FaultServer }> {
  const bad = faultServer({ routes: { '*': answer(500) } })
  const [stable, canary] = await forThisTest([faultServer(), bad])
  return { stable, canary } as { stable: FaultServer; canary: FaultServer }
}

describe('a client of several versions', () => {
  it('logs which version a call went to, and what becomes of the weights', async () => {
    const { logger, lines } = captured()
    const client = openVersioned(await servers(), { logger })
    await client.listOrders()
    client.$traffic.startCanary('canary', { steps: [50, 100] })
    client.$traffic.rollback('the pager rang')
    client.$traffic.switchTo('canary')
    await failureOf(client.listOrders())
    const ofVersion = (version: string) => ({
      dependency: 'orders',
      dependency_version: version,
      version: '1.2.3',
    })
    expect(lines).toMatchObject([
      { msg: 'call', ...ofVersion('stable'), outcome: 'success' },
      { level: 'info', msg: 'canary step', ...ofVersion('canary'), baseline: 'stable', percent: 50 },
      {
        level: 'warn',
        msg: 'canary rolled back',
        ...ofVersion('canary'),
        reason: 'by hand',
        detail: 'the pager rang',
      },
      {
        level: 'info',
        msg: 'traffic shifted',
        dependency: 'orders',
        cause: 'switchTo',
        weights: { stable: 0, canary: 100 },
      },
      { msg: 'call', ...ofVersion('canary'), outcome: 'HTTP_5XX' },
    ])
  })

  it('counts its calls by version and outcome, and shows the weights until it is closed', async () => {
    const metrics = createMetrics({ process: false })
    const client = openVersioned(await servers(), { metrics })
    await client.listOrders()
    await client.listOrders()
    client.$traffic.startCanary('canary')
    client.$traffic.rollback()
    client.$traffic.setWeights({ stable: 1, canary: 3 })
    client.$traffic.switchTo('canary')
    await failureOf(client.listOrders())
    const shown = async () => (await metrics.registry.metrics()).split('\n')
    const labels = (version: string) => `{dependency="orders",version="${version}"`
    for (const line of [
      `http_client_version_calls_total${labels('stable')},outcome="success"} 2`,
      `http_client_version_calls_total${labels('canary')},outcome="HTTP_5XX"} 1`,
      `http_client_version_share${labels('canary')}} 1`,
      `http_client_version_share${labels('stable')}} 0`,
      `http_client_canaries_total${labels('canary')},result="rolled_back"} 1`,
      'http_client_attempts_total{dependency="orders",operation="listOrders"} 3',
      'http_client_retry_budget_tokens{dependency="orders"} 20',
    ]) {
      expect(await shown()).toContain(line)
    }
    await client.$close()
    expect((await shown()).filter((line) => line.startsWith('http_client_version_share{'))).toEqual([])
  })

  it('is one dependency in the health of a service, and is closed with it', async () => {
    const { stable, canary } = await servers()
    const { logger } = captured()
    const management = { port: 0, host: '127.0.0.1' }
    const health = { token: 'secret' }
    const service = createService({ name: 'shop', logger, signals: false, management, health })
    const client = service.createClient(orders, {
      versions: { stable: { baseUrl: stable.url }, canary: { baseUrl: canary.url } },
      traffic: { weights: { stable: 100, canary: 0 } },
    })
    const [, ofCanary] = client.$circuitBreakers()
    ofCanary?.isolate()
    const { managementUrl } = await service.listen((_, response) => response.end(), management)
    const headers = { authorization: 'Bearer secret' }
    const document = await (await fetch(`${managementUrl}/health`, { headers })).json()
    const checks = Object.entries((document as { checks: object }).checks)
    expect(checks.map(([name]) => name)).toEqual(['client:orders:circuits'])
    expect(checks[0]?.[1]).toMatchObject([{ status: 'pass' }])
    await service.shutdown()
    expect(await failureOf(client.listOrders())).toMatchObject({ code: 'CLOSED' })
  })
})
