import { createServer } from 'node:http'
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { watching } from '../../../../test/fixtures/watching.js'
import { Execution } from '../../../policies/index.js'
import { createService } from '../../../service/service/index.js'
import { type ConsulRegistry, type ConsulServiceDefinition, consulRegistry } from '../../../testing.js'
import { EndpointSet } from '../../endpoints/index.js'
import { type ConsulEndpointsOptions, consulEndpoints } from './consul-endpoints.js'
import type { ConsulRegistration } from './consul-registration.js'
import { registerWithConsul } from './register-with-consul.js'
import type { ConsulRegistrationOptions } from './registration-options.js'

const real = process.env.CONSUL_HTTP_ADDR

/** What is said here holds for the embedded registry and for an agent of Consul alike. */
describe.each([
  { what: 'the embedded registry', address: undefined },
  { what: 'an agent [needs Consul]', address: real },
])('$what', ({ what, address: given }) => {
  const isMissing = what.includes('needs') && given === undefined
  const test = it.skipIf(isMissing)
  let embedded: ConsulRegistry | undefined
  let address = ''
  let name = ''
  let names = 0

  beforeEach(async () => {
    if (isMissing) return
    embedded = given === undefined ? await consulRegistry({ zone: 'node-zone' }) : undefined
    address = given === undefined ? (embedded?.url ?? '') : given
    name = `holdfast-test-${process.pid}-${Date.now()}-${names++}`
  })
  afterEach(async () => {
    await embedded?.close()
  })

  const base = (): string => (address.includes('://') ? address : `http://${address}`)
  const headers: Record<string, string> = process.env.CONSUL_HTTP_TOKEN
    ? { 'x-consul-token': process.env.CONSUL_HTTP_TOKEN }
    : {}
  const put = async (path: string, body?: object): Promise<void> => {
    const init = { method: 'PUT', headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) }
    const response = await fetch(`${base()}${path}`, init)
    expect([path, response.status]).toEqual([path, 200])
  }
  const deregister = (id: string): Promise<void> => put(`/v1/agent/service/deregister/${id}`)
  const register = async (id: string, definition: Partial<ConsulServiceDefinition> = {}): Promise<void> => {
    await put('/v1/agent/service/register', {
      Name: name,
      ID: `${name}-${id}`,
      Address: '127.0.0.1',
      ...definition,
    })
    if (given !== undefined) onTestFinished(() => deregister(`${name}-${id}`).catch(() => {}))
  }
  const resolver = (options: Partial<ConsulEndpointsOptions> = {}) =>
    consulEndpoints({ service: name, address, waitMs: 20_000, minRefreshMs: 50, random: () => 0, ...options })

  test('is asked for instances with their weights and zones, and tells of those that come and go', async () => {
    await register('1', { Port: 3001, Weights: { Passing: 5, Warning: 1 }, Meta: { zone: 'a' } })
    const { errors, sees, updates } = watching(resolver())
    await sees('http://127.0.0.1:3001')
    expect(updates.at(-1)).toEqual([
      { url: 'http://127.0.0.1:3001', id: expect.stringMatching(`.+/${name}-1$`), weight: 5, zone: 'a' },
    ])
    await register('2', { Port: 3002 })
    await sees('http://127.0.0.1:3001', 'http://127.0.0.1:3002')
    await deregister(`${name}-1`)
    await sees('http://127.0.0.1:3002')
    expect(errors).toEqual([])
  })

  test('leaves out what does not pass, and gives what has a warning its own weight', async () => {
    const Check = { CheckID: `${name}-ttl`, TTL: '600s', Status: 'passing' as const }
    await register('1', { Port: 3001, Check, Weights: { Passing: 10, Warning: 2 } })
    const strict = watching(resolver())
    const lenient = watching(resolver({ passingOnly: false }))
    await Promise.all([strict.sees('http://127.0.0.1:3001'), lenient.sees('http://127.0.0.1:3001')])
    await put(`/v1/agent/check/warn/${Check.CheckID}`)
    await strict.sees()
    await vi.waitFor(() => expect(lenient.updates.at(-1)?.[0]?.weight).toBe(2), 5_000)
    await put(`/v1/agent/check/fail/${Check.CheckID}`)
    await lenient.sees()
    await put(`/v1/agent/check/pass/${Check.CheckID}`)
    await Promise.all([strict.sees('http://127.0.0.1:3001'), lenient.sees('http://127.0.0.1:3001')])
    expect(lenient.updates.at(-1)?.[0]?.weight).toBe(10)
  })

  test('gives instances that have all tags, by any server or by the leader, under another protocol', async () => {
    await register('1', { Port: 3001, Tags: ['v2', 'eu'] })
    await register('2', { Port: 3002, Tags: ['v2'] })
    const tagged = watching(resolver({ tags: ['v2', 'eu'], consistency: 'stale', protocol: 'https' }))
    const all = watching(resolver({ consistency: 'consistent', near: '_agent' }))
    await tagged.sees('https://127.0.0.1:3001')
    await all.sees('http://127.0.0.1:3001', 'http://127.0.0.1:3002')
  })

  test('answers for a service that nobody has registered yet, and tells when somebody does', async () => {
    const { sees, updates } = watching(resolver())
    await sees()
    await register('1', { Port: 3001 })
    await sees('http://127.0.0.1:3001')
    expect(updates).toHaveLength(2)
  })

  /** A service that listens, registered. */
  const start = async (options: Partial<ConsulRegistrationOptions> = {}) => {
    const silent = { debug() {}, info() {}, warn() {}, error() {}, fatal() {} }
    const logger = { level: 'info', ...silent, child: () => logger }
    const shutdown = { drainDelayMs: 400 }
    const service = createService({ name, version: '1.2.3', signals: false, logger, shutdown })
    const { port } = await service.listen((_, response) => response.end('ok'), { port: 0, host: '127.0.0.1' })
    const check = { intervalMs: 1_000 }
    const host = '127.0.0.1'
    const registration = registerWithConsul(service, {
      port,
      host,
      address,
      check,
      random: () => 0,
      ...options,
    })
    onTestFinished(async () => void (await service.shutdown()))
    await registration.ready
    return { service, port, registration, url: `http://127.0.0.1:${port}` }
  }
  const known = async (registration: ConsulRegistration): Promise<Record<string, unknown> | undefined> => {
    const response = await fetch(`${base()}/v1/agent/service/${registration.id}`, { headers })
    return response.ok ? ((await response.json()) as Record<string, unknown>) : undefined
  }

  test('takes a registration, and gives it up when the service begins to drain', async () => {
    const { port, registration, service, url } = await start({ zone: 'b', weight: 3, tags: ['v1'] })
    expect(registration.state).toBe('registered')
    expect(await known(registration)).toMatchObject({
      Service: name,
      Port: port,
      Tags: ['v1'],
      Meta: { version: '1.2.3', zone: 'b' },
      Weights: { Passing: 3, Warning: 1 },
    })
    const { sees } = watching(resolver())
    await sees(url)
    const stopped = service.shutdown()
    await vi.waitFor(async () => expect(await known(registration)).toBeUndefined())
    // It still serves those who have not heard of it.
    expect(await (await fetch(url)).text()).toBe('ok')
    await stopped
    await sees()
    expect(registration.state).toBe('deregistered')
  })

  test('is told again when it has forgotten the service', async () => {
    const { registration, url } = await start({ reconcileMs: 100 })
    const { sees, updates } = watching(resolver())
    await sees(url)
    await deregister(registration.id)
    await vi.waitFor(() => expect(updates.map(({ length }) => length)).toEqual([1, 0, 1]), 5_000)
    await sees(url)
    expect(registration.state).toBe('registered')
  })

  test('hears signs of life of a service that nobody can ask', async () => {
    const check = { kind: 'ttl', intervalMs: 1_000, initialStatus: 'critical' } as const
    const { url } = await start({ check })
    const { sees } = watching(resolver())
    await sees(url)
  })

  test('stops to name a service that dies', async () => {
    const server = createServer((_, response) => response.end())
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as { port: number }
    const onDrain = () => {}
    const options = { port, host: '127.0.0.1', address, check: { intervalMs: 1_000 } }
    const registration = registerWithConsul({ name, onDrain }, options)
    onTestFinished(() => registration.deregister())
    const { sees } = watching(resolver())
    await sees(`http://127.0.0.1:${port}`)
    server.closeAllConnections()
    server.close()
    await sees()
  })

  test('leads calls from a service to the one that replaces it on another port, without one that fails', async () => {
    const old = await start()
    const createGuard = () => ({ refuses: false, retryAfterMs: undefined, close() {} })
    const set = new EndpointSet({ source: resolver(), createGuard })
    onTestFinished(() => set.close())
    set.start()
    await set.ready(Execution.start(() => undefined))
    const called: string[] = []
    const call = async (): Promise<void> => {
      const endpoint = set.pick(undefined, performance.now())
      const response = await fetch(endpoint?.endpoint.url ?? 'http://127.0.0.1:1', {
        headers: { connection: 'close' },
      })
      expect(await response.text()).toBe('ok')
      called.push(endpoint?.endpoint.url ?? '')
    }
    const next = await start()
    const stopped = old.service.shutdown()
    let isStopped = false
    void stopped.then(() => {
      isStopped = true
    })
    while (!isStopped) await call()
    await vi.waitFor(async () => {
      await call()
      expect(called.at(-1)).toBe(next.url)
    })
    expect(called).toContain(old.url)
  })
})
