import { describe, expect, it } from 'vitest'
import { openFleet, ScriptedResolver } from '../../../test/fixtures/client-fleet.js'
import { createMetrics } from '../../telemetry/metrics/index.js'
import { scriptedTransport, seededRandom } from '../../testing.js'

const calls = 100_000
const listed = 50
const places = 1_000

describe('endpoints that come and go', () => {
  it('leave nothing behind', async () => {
    const random = seededRandom(7)
    const dispatcher = scriptedTransport(({ origin }) =>
      // Some fail, so that breakers open and endpoints are ejected.
      origin.endsWith('7') ? { status: 503 } : { json: [] },
    )
    const resolver = new ScriptedResolver()
    const metrics = createMetrics({ process: false })
    const client = openFleet(resolver, { dispatcher, metrics, retry: false, retryBudget: false, random })
    let added = 0
    let released = 0
    client.$on('endpointAdded', () => added++)
    client.$on('endpointReleased', () => released++)
    for (let done = 0; done < calls; done += 100) {
      const first = (done / 100) * 7
      resolver.say(
        ...Array.from({ length: listed }, (_, index) => ({
          url: `http://e:${1 + ((first + index) % places)}`,
        })),
      )
      await Promise.all(Array.from({ length: 100 }, () => client.listOrders.safe()))
    }
    expect(added).toBeGreaterThan(places)
    expect(released).toBe(added - listed)
    const { endpoints, inFlight, queued } = client.$stats()
    expect({ known: endpoints.length, inFlight, queued }).toEqual({ known: listed, inFlight: 0, queued: 0 })
    expect(endpoints.every((endpoint) => endpoint.inFlight === 0)).toBe(true)
    expect(client.$circuitBreakers()).toHaveLength(listed)
    const named = new Set(
      [...(await metrics.registry.metrics()).matchAll(/endpoint="([^"]+)"/g)].map(([, name]) => name),
    )
    expect(named.size).toBeLessThanOrEqual(listed)
  }, 60_000)
})
