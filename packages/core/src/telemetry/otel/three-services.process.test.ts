import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { type CollectedSpan, startCollector } from '../../../test/fixtures/collector.js'

/** Where the packages are found by their names. */
const cwd = fileURLToPath(new URL('.', import.meta.url))

/** A service that asks the next one, if there is one, and else answers its first request with 503. */
const code = `
  import { createService, defineContract } from '@holdfast/core'
  import { startTelemetry } from '@holdfast/core/otel'

  const [, name, endpoint, next] = process.argv
  const contract = defineContract('next', { getItem: { method: 'GET', path: '/items/1', retry: { baseMs: 1 } } })
  const service = createService({ name, metrics: false, logLevel: 'fatal', shutdown: { drainDelayMs: 0 } })
  const client = next === undefined ? undefined : service.createClient(contract, { baseUrl: next })
  let requests = 0
  const { url } = await service.listen(async (_, response) => {
    requests += 1
    if (client === undefined && requests === 1) response.statusCode = 503
    const item = client === undefined ? { id: 1 } : await client.getItem()
    response.setHeader('content-type', 'application/json').end(JSON.stringify(item))
  }, { port: 0, host: '127.0.0.1' })
  // Later than the service and its client, which must not matter.
  await startTelemetry({ service, endpoint })
  console.log(url)
`

/** Starts a service in a process of its own. */
async function startService(...args: readonly string[]): Promise<{ child: ChildProcess; url: string }> {
  const flags = ['--conditions=holdfast-source', '--import', 'tsx', '--input-type=module', '--eval', code]
  const child = spawn(process.execPath, [...flags, ...args], { cwd, stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => {
    child.kill('SIGKILL')
  })
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  return { child, url: String(line).trim() }
}

const describeSpan = (span: CollectedSpan | undefined) => span && `${span.service}: ${span.name}`

test('spans of three services arrive with their parents, the last ones at the shutdown', async () => {
  const { endpoint, spans } = await startCollector()
  const stock = await startService('stock', endpoint)
  const orders = await startService('orders', endpoint, stock.url)
  const shop = await startService('shop', endpoint, orders.url)
  expect(await (await fetch(shop.url)).json()).toEqual({ id: 1 })
  for (const { child } of [shop, orders, stock]) {
    child.kill('SIGTERM')
    await once(child, 'exit')
  }
  const parentOf = (span: CollectedSpan) => spans.find(({ spanId }) => spanId === span.parentSpanId)
  const links = spans.map((span) => `${describeSpan(span)} < ${describeSpan(parentOf(span))}`)
  expect(links.sort()).toEqual([
    'orders: GET /items/1 < orders: next.getItem',
    'orders: GET /items/1 < orders: next.getItem',
    'orders: GET < shop: GET /items/1',
    'orders: next.getItem < orders: GET',
    'shop: GET /items/1 < shop: GET',
    'shop: GET < undefined',
    'stock: GET < orders: GET /items/1',
    'stock: GET < orders: GET /items/1',
  ])
  expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(1)
}, 30_000)
