import { Registry } from 'prom-client'
import { describe, expect, it } from 'vitest'
import { factsOf, startTestSdk } from '../../../test/fixtures/client-spans.js'
import { echoServer } from '../../../test/fixtures/echo.js'
import { faces } from '../../../test/fixtures/faces.js'
import { openOrders, orders } from '../../../test/fixtures/orders.js'
import { runWithContext } from '../../telemetry/context/index.js'
import { createLogger } from '../../telemetry/logging/index.js'
import { createMetrics } from '../../telemetry/metrics/index.js'
import { createClient } from '../faces/typed/create-client.js'
import type { ClientTelemetryOptions } from '../options/client-telemetry-options.js'

interface Opened {
  /** One call to `/orders`. */
  readonly ask: (url: string) => Promise<unknown>
  readonly close: () => Promise<void>
  readonly operation: string
}

type Open = (url: string, options: ClientTelemetryOptions) => Opened

const kinds: readonly (readonly [string, Open])[] = [
  [
    'createClient',
    (url, options) => {
      const client = openOrders({ url }, options)
      return {
        ask: () => client.listOrders(undefined),
        close: () => client.$close(),
        operation: 'listOrders',
      }
    },
  ],
  ...faces.map(([name, open]): readonly [string, Open] => [
    name,
    (_, options) => {
      const { request, controls } = open(options)
      return { ask: (url) => request(`${url}/orders`), close: () => controls.$close(), operation: 'GET' }
    },
  ]),
]

function captured() {
  const lines: Record<string, unknown>[] = []
  const destination = { write: (line: string) => lines.push(JSON.parse(line)) }
  const logger = createLogger({ name: 'shop', level: 'debug', destination, pretty: false })
  return { logger, lines }
}

const onceUnavailable = () =>
  echoServer((_, response, count) => {
    response.statusCode = count === 1 ? 503 : 200
    response.setHeader('content-type', 'application/json').end('{}')
  })

describe.each(kinds)('%s without a service', (kind, open) => {
  it('logs calls and events with the correlation id', async () => {
    const { logger, lines } = captured()
    const { url } = await onceUnavailable()
    const { ask, operation } = open(url, { logger })
    await runWithContext({ correlationId: 'order-4711' }, () => ask(url))
    const dependency = kind === 'createClient' ? 'orders' : new URL(url).host
    const names = { dependency, operation, correlation_id: 'order-4711' }
    expect(lines).toMatchObject([
      { msg: 'retry', ...names, attempt: 2 },
      { msg: 'call', ...names, attempts: 2, outcome: 'success', status: 200 },
    ])
  })

  it('counts calls in the registry that it was given, and shows its state until it is closed', async () => {
    const metrics = createMetrics({ process: false })
    const { url } = await onceUnavailable()
    const { ask, close, operation } = open(url, { metrics })
    await ask(url)
    const dependency = kind === 'createClient' ? 'orders' : new URL(url).host
    const labels = `dependency="${dependency}",operation="${operation}"`
    const shown = async () => (await metrics.registry.metrics()).split('\n')
    expect(await shown()).toContain(
      `http_client_request_duration_seconds_count{${labels},outcome="success"} 1`,
    )
    expect(await shown()).toContain(`http_client_attempts_total{${labels}} 2`)
    const gauge = `{dependency="${dependency}"} 0`
    expect((await shown()).some((line) => line.endsWith(gauge))).toBe(true)
    await close()
    expect((await shown()).some((line) => line.endsWith(gauge))).toBe(false)
  })

  it('tells of calls that are refused before they begin', async () => {
    const { logger, lines } = captured()
    const { url } = await echoServer()
    const { ask, close } = open(url, { logger })
    const context = { signal: AbortSignal.abort() }
    const aborted = runWithContext(context, () => ask(url))
    await expect(aborted).rejects.toMatchObject({ code: 'ABORTED', phase: 'queued', attempts: 0 })
    await close()
    await expect(ask(url)).rejects.toMatchObject({ code: 'CLOSED', phase: 'queued', attempts: 0 })
    expect(lines.filter(({ msg }) => msg === 'call')).toMatchObject([{ attempts: 0 }, { attempts: 0 }])
  })

  it('shares a plain registry with others', async () => {
    const registry = new Registry()
    const { url } = await echoServer()
    const first = open(url, { metrics: registry })
    const second = open(url, { metrics: registry })
    await first.ask(url)
    await second.ask(url)
    expect(await registry.metrics()).toMatch(
      /http_client_request_duration_seconds_count\{.*outcome="success"\} 2/,
    )
  })

  it('makes spans as soon as there is an SDK', async () => {
    const spans = startTestSdk()
    const { url } = await echoServer()
    await open(url, {}).ask(url)
    expect(factsOf(spans())).toMatchObject([{ kind: 'CLIENT' }])
  })

  it('refuses what is none of these', () => {
    const wrong = { logger: {}, metrics: {}, propagate: ['*'] } as never
    expect(() => open('http://127.0.0.1:9', wrong)).toThrow(
      /logger: must be a logger[\s\S]*metrics: must be what createMetrics\(\) returns[\s\S]*propagate\.0: is no host/,
    )
  })
})

describe('a typed client', () => {
  it.each<[string, object, boolean]>([
    ['carries on to its own host', {}, true],
    ['does so where the list has it', { propagate: ['127.0.0.1'] }, true],
    ['tells it nothing where the list has not', { propagate: ['orders'] }, false],
    ['tells it nothing where nobody is told', { propagate: false }, false],
  ])('%s', async (_, options, expected) => {
    startTestSdk()
    const { url, seen } = await echoServer()
    const client = openOrders({ url }, options)
    await runWithContext({ correlationId: 'order-4711', timeoutMs: 5_000 }, () =>
      client.listOrders(undefined),
    )
    for (const name of ['x-correlation-id', 'traceparent', 'x-request-timeout-ms']) {
      expect(name in (seen[0]?.headers ?? {})).toBe(expected)
    }
  })

  it("lets the caller's own traceparent win over its span", async () => {
    startTestSdk()
    const { url, seen } = await echoServer()
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    await openOrders({ url }).listOrders(undefined, { headers: { traceparent } })
    expect(seen[0]?.headers.traceparent).toBe(traceparent)
  })

  it('refuses a list of call options', async () => {
    const client = createClient(orders, { baseUrl: 'http://127.0.0.1:9' })
    await expect(client.listOrders(undefined, [] as never)).rejects.toMatchObject({ code: 'INVALID_INPUT' })
    await client.$close()
  })
})
