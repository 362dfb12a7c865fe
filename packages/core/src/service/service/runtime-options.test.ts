import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished, vi } from 'vitest'
import { defineContract } from '../../contract/index.js'
import { currentContext } from '../../telemetry/context/index.js'
import { createLogger } from '../../telemetry/logging/index.js'
import { faultServer, stall } from '../../testing.js'
import { createService, type ServiceOptions } from './index.js'

const orders = defineContract('orders', { list: { method: 'GET', path: '/orders' } })
const stock = defineContract('stock', { list: { method: 'GET', path: '/stock' } })

function make(options: Partial<ServiceOptions> = {}) {
  const lines: Record<string, unknown>[] = []
  const destination = { write: (line: string) => lines.push(JSON.parse(line)) }
  const logger = createLogger({ name: 'test', destination, pretty: false })
  const service = createService({ name: 'test', signals: false, logger, ...options })
  onTestFinished(() => void service.shutdown())
  return { service, lines }
}

function optionsFile(clients: object): { path: string; write(clients: object): void } {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-service-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const path = join(folder, 'holdfast.json')
  const write = (next: object) => writeFileSync(path, JSON.stringify({ clients: next }))
  write(clients)
  return { path, write }
}

const budget = (maxTokens: number) => ({ retryBudget: { maxTokens } })

it('lays a file over the options of all clients of a service, those that are made later included', async () => {
  const { service, lines } = make()
  const tokens = (client: { $stats(): { retryBudget: { tokens: number } | undefined } }) =>
    client.$stats().retryBudget?.tokens
  const baseUrl = 'http://127.0.0.1:1'
  const clients = [service.createClient(orders, { baseUrl }), service.createClient(orders, { baseUrl })]
  const other = service.createClient(stock, { baseUrl })
  const file = optionsFile({ orders: budget(7), stock: budget(6) })
  service.watchOptions(file.path, { pollMs: 20 })
  expect([...clients.map(tokens), tokens(other)]).toEqual([7, 7, 6])
  const late = service.createClient(stock, { baseUrl })
  expect(tokens(late)).toBe(6)
  file.write({ stock: budget(5) })
  await vi.waitFor(() => expect([tokens(other), tokens(late)]).toEqual([5, 5]), 5_000)
  expect(lines.filter(({ msg }) => msg === 'options file applied')[0]).toMatchObject({
    level: 'info',
    file: file.path,
    changes: [
      'orders.retryBudget.maxTokens: default -> 7',
      'orders.retryBudget.maxTokens: default -> 7',
      'stock.retryBudget.maxTokens: default -> 6',
    ],
  })
  file.write({ stok: budget(5) })
  const refused = () => lines.filter(({ msg }) => String(msg).startsWith('options file refused'))
  await vi.waitFor(() => expect(refused()).toHaveLength(1), 5_000)
  expect(refused()[0]).toMatchObject({
    level: 'error',
    problems: [expect.stringContaining("did you mean 'stock'?")],
  })
})

it('refuses a file of clients that there are not, and stops watching with the service', async () => {
  const { service } = make()
  const file = optionsFile({ orders: budget(7) })
  expect(() => service.watchOptions(file.path)).toThrow('clients.orders: is not an option')
  expect(() => service.watchOptions('' as never, { pollMs: -1 })).toThrow(/file: must be.*options.pollMs/)
  const client = service.createClient(orders, { baseUrl: 'http://127.0.0.1:1' })
  const watch = service.watchOptions(file.path, { pollMs: 10 })
  expect(client.$stats().retryBudget?.tokens).toBe(7)
  await service.shutdown()
  watch.close()
})

it('lets every request in with admission in shadow, and says what it would have done', async () => {
  const { service, lines } = make({ admission: { shadow: true, maxLimit: 2, maxQueue: 1 } })
  await using gate = await faultServer({ routes: { '*': stall() } })
  const held = new AbortController()
  const called: (number | undefined)[] = []
  const { url } = await service.listen(
    async (_request, response) => {
      called.push(currentContext()?.remainingMs())
      if (called.at(-1) !== 0) await fetch(gate.url, { signal: held.signal }).catch(() => {})
      response.end()
    },
    { port: 0 },
  )
  const expired = { headers: { 'x-request-timeout-ms': '0' } }
  const requests = [fetch(url, expired)]
  await vi.waitFor(() => expect(called).toHaveLength(1))
  requests.push(fetch(url), fetch(url))
  await vi.waitFor(() => expect(called).toHaveLength(3))
  requests.push(fetch(url))
  await vi.waitFor(() => expect(called).toHaveLength(4))
  requests.push(fetch(url))
  await vi.waitFor(() => expect(called).toHaveLength(5))
  held.abort()
  expect((await Promise.all(requests)).map(({ status }) => status)).toEqual([200, 200, 200, 200, 200])
  const text = await (await fetch(`${url}/metrics`)).text()
  expect(text.match(/^http_requests_shadow_refused_total.*$/gm)).toEqual([
    'http_requests_shadow_refused_total{reason="deadline",priority="default"} 1',
    'http_requests_shadow_refused_total{reason="queued",priority="default"} 1',
    'http_requests_shadow_refused_total{reason="queue full",priority="default"} 1',
  ])
  expect(text).not.toMatch(/^http_requests_refused_total\{/m)
  expect(lines.filter(({ status }) => status === 200)).toHaveLength(5)
  expect(() => make({ admission: { shadow: 'yes' as never } })).toThrow(
    'admission.shadow: must be true or false',
  )
})
