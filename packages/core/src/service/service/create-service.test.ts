import { createServer, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { runInNewContext } from 'node:vm'
import { Agent } from 'undici'
import { afterEach, describe, expect, it } from 'vitest'
import { testCertificate, testKey } from '../../../test/fixtures/certificate.js'
import { defineContract } from '../../contract/index.js'
import { currentContext } from '../../telemetry/context/index.js'
import { createLogger } from '../../telemetry/logging/index.js'
import { runtimeOf } from '../server/index.js'
import { createService, type Service, type ServiceOptions } from './index.js'

const services: Service[] = []
const lines: Record<string, unknown>[] = []

function make(options: Partial<ServiceOptions> = {}): Service {
  const destination = { write: (line: string) => lines.push(JSON.parse(line)) }
  const logger = createLogger({ name: 'test', destination, pretty: false })
  const service = createService({ name: 'test', version: '1.2.3', signals: false, logger, ...options })
  services.push(service as Service)
  return service as Service
}

afterEach(async () => {
  for (const service of services.splice(0)) await service.shutdown()
  lines.length = 0
})

describe('createService', () => {
  it('refuses options that are wrong, all at once', () => {
    const wrong = { nam: 'orders', management: { port: 70_000 }, requestTimeoutMs: -1, metrics: true }
    expect(() => createService(wrong as never)).toThrow(
      /name: must be[\s\S]*nam|nam: is not an option[\s\S]*requestTimeoutMs/,
    )
    expect(() => createService(undefined as never)).toThrow(/needs an object/)
    expect(() => make({ logLevel: 'debug' })).toThrow(/logLevel: is given with logger/)
  })

  it('refuses to listen with what is no application, without a port, and twice', async () => {
    const service = make()
    expect(() => service.listen('app' as never, { port: 0 })).toThrow(/app: must be/)
    expect(() => service.listen(() => {}, {} as never)).toThrow(/port: is missing/)
    await service.listen(() => {}, { port: 0 })
    expect(() => service.listen(() => {}, { port: 0 })).toThrow(/listens already/)
  })

  it('rejects when the port is taken, and can listen after that', async () => {
    const first = await make().listen(() => {}, { port: 0 })
    const second = make()
    await expect(second.listen(() => {}, { port: first.port })).rejects.toThrow(/EADDRINUSE/)
    expect((await second.listen(() => {}, { port: 0 })).port).toBeGreaterThan(0)
  })

  it('gives a request listener everything but routes', async () => {
    const service = make()
    const { url } = await service.listen(
      (request, response) => {
        if (request.url === '/fails') throw new Error('on purpose')
        response.end(currentContext()?.correlationId)
      },
      { port: 0 },
    )
    const response = await fetch(url, { headers: { 'x-correlation-id': 'order-4711' } })
    expect([await response.text(), response.headers.get('x-correlation-id')]).toEqual([
      'order-4711',
      'order-4711',
    ])
    expect((await fetch(`${url}/fails`)).status).toBe(500)
    expect(await (await fetch(`${url}/health`)).json()).toMatchObject({ status: 'pass', version: '1.2.3' })
  })

  it('answers what a promise of any maker rejects with', async () => {
    const service = make()
    const ForeignPromise = runInNewContext('Promise') as PromiseConstructor
    const { url } = await service.listen(() => ForeignPromise.reject(new Error('no')), { port: 0 })
    expect((await fetch(url)).status).toBe(500)
  })

  it('gives the URL of a server that speaks TLS', async () => {
    const server = createTlsServer({ cert: testCertificate, key: testKey }, (_request, response) =>
      response.end(),
    )
    const app = {
      server,
      ready: async () => {},
      listen: async ({ port, host }: { port: number; host: string }) => {
        await new Promise<void>((resolve) => void server.listen(port, host, resolve))
        return ''
      },
      close: async () => void server.close(),
    }
    const service = make()
    runtimeOf(service, 'test').use({ owns: (target) => target === app })
    const { url } = await service.listen(app, { port: 0, host: '127.0.0.1' })
    expect(url).toMatch(/^https:/)
  })

  it('leaves the listener of an adapter to that', async () => {
    const service = make()
    const listener = (_request: unknown, response: ServerResponse) => void response.end('served')
    runtimeOf(service, 'test').use({ owns: (target) => target === listener })
    const { url } = await service.listen(listener, { port: 0 })
    const response = await fetch(url)
    expect([await response.text(), response.headers.get('x-correlation-id')]).toEqual(['served', null])
  })

  it.each([
    ['by default nothing', {}, 0],
    ['with admission', { admission: true }, 1],
    ['with a limit of its own', { admission: { maxLimit: 5 } }, 1],
    ['without admission nothing', { admission: false }, 0],
  ] as const)('shows of its limit %s', async (_, options, gauges) => {
    const service = make(options)
    const { url } = await service.listen((_request, response) => response.end(), { port: 0 })
    const all = Array.from({ length: 50 }, async () => (await fetch(url)).status)
    expect(new Set(await Promise.all(all))).toEqual(new Set([200]))
    const shown = (await (await fetch(`${url}/metrics`)).text()).match(/^http_requests_limit /gm) ?? []
    expect(shown).toHaveLength(gauges)
  })

  it('is not ready before it listens, and refuses a second check of the same name', async () => {
    const service = make()
    service.health.add('database', () => true)
    expect(() => service.health.add('database', () => true)).toThrow(/name: is taken/)
  })

  it('counts and shows the calls of its clients, and closes them', async () => {
    const server = createServer((_request, response) =>
      response.setHeader('content-type', 'text/plain').end('ok'),
    )
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const contract = defineContract('stock', { ask: { method: 'GET', path: '/ask', response: 'text' } })
    const service = make()
    const client = service.createClient(contract, { baseUrl })
    service.createClient(contract, { baseUrl })
    const { url } = await service.listen(() => {}, { port: 0 })
    expect(await client.ask(undefined)).toBe('ok')
    expect(await (await fetch(`${url}/metrics`)).text()).toContain(
      'http_client_request_duration_seconds_count{dependency="stock",operation="ask",outcome="success"} 1',
    )
    const health = (await (await fetch(`${url}/health`)).json()) as { checks: object }
    expect(Object.keys(health.checks)).toEqual(['client:stock:circuits', 'client:stock-2:circuits'])
    await service.shutdown()
    await expect(client.ask(undefined)).rejects.toMatchObject({ code: 'CLOSED' })
    server.close()
  })

  it('counts the calls of its fetch and its interceptor, and closes them', async () => {
    const server = createServer((_request, response) => response.end('ok'))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const service = make()
    const fetchIt = service.createFetch({ baseUrl: `http://127.0.0.1:${port}` })
    const protection = service.undiciInterceptor()
    const dispatcher = new Agent().compose(protection)
    const origin = `http://127.0.0.1:${port}`
    expect(await (await fetchIt('/')).text()).toBe('ok')
    await (await dispatcher.request({ origin, path: '/', method: 'GET' })).body.dump()
    const series = `dependency="127.0.0.1:${port}",operation="GET",outcome="success"`
    expect(await service.metrics.getSingleMetricAsString('http_client_request_duration_seconds')).toContain(
      `http_client_request_duration_seconds_count{${series}} 2`,
    )
    await service.shutdown()
    await expect(fetchIt('/')).rejects.toMatchObject({ code: 'CLOSED' })
    await expect(dispatcher.request({ origin, path: '/', method: 'GET' })).rejects.toMatchObject({
      code: 'CLOSED',
    })
    await dispatcher.close()
    server.close()
  })

  it('runs a worker that serves no HTTP, and shuts down when it ends', async () => {
    const service = make()
    const closed: string[] = []
    service.onShutdown('queue', () => void closed.push('queue'))
    await service.run(async ({ signal }) => expect(signal.aborted).toBe(false))
    expect(closed).toEqual(['queue'])
  })
})
