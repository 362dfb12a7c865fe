import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { createServer as createTcpServer } from 'node:net'
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { watching } from '../../../../test/fixtures/watching.js'
import { Secret } from '../../../foundation/config/index.js'
import type { ConfigInvalidError } from '../../../foundation/errors/index.js'
import { Execution } from '../../../policies/index.js'
import { type ConsulRegistry, consulRegistry } from '../../../testing.js'
import { EndpointSet } from '../../endpoints/index.js'
import { type ConsulEndpointsOptions, consulEndpoints } from './consul-endpoints.js'

let consul: ConsulRegistry
beforeEach(async () => {
  consul = await consulRegistry()
})
afterEach(() => consul.close())

const instance = (n: number, more: object = {}) => {
  return { Name: 'orders', ID: `orders-${n}`, Address: '10.0.0.1', Port: 3_000 + n, ...more }
}
const url = (n: number): string => `http://10.0.0.1:${3_000 + n}`
const resolver = (options: Partial<ConsulEndpointsOptions> = {}) =>
  consulEndpoints({ service: 'orders', address: consul.url, minRefreshMs: 20, random: () => 0, ...options })
const setOf = (options: Partial<ConsulEndpointsOptions> = {}) => {
  const createGuard = () => ({ refuses: false, retryAfterMs: undefined, close() {} })
  const set = new EndpointSet({ source: resolver(options), createGuard })
  onTestFinished(() => set.close())
  return set
}
const indexes = (): (string | null)[] =>
  consul.requests.map(({ path }) => new URL(path, 'http://consul').searchParams.get('index'))

describe('consulEndpoints', () => {
  it('asks with the index of the answer before, and waits', async () => {
    consul.register(instance(1))
    const { sees } = watching(resolver())
    await sees(url(1))
    consul.register(instance(2))
    await sees(url(1), url(2))
    await vi.waitFor(() => expect(consul.requests).toHaveLength(3))
    expect(consul.requests[0]?.path).toBe('/v1/health/service/orders?passing=1')
    expect(consul.requests[1]?.path).toBe('/v1/health/service/orders?passing=1&index=11&wait=300000ms')
    expect(indexes()).toEqual([null, '11', '12'])
  })

  it('begins anew when the index goes backwards, and hears of what follows', async () => {
    for (let n = 1; n < 5; n++) consul.register(instance(n))
    const { sees, updates } = watching(resolver({ waitMs: 60_000 }))
    await sees(url(1), url(2), url(3), url(4))
    await vi.waitFor(() => expect(indexes()).toEqual([null, '14']))
    consul.forget(2)
    await sees()
    consul.register(instance(5))
    await sees(url(5))
    expect(indexes().slice(0, 4)).toEqual([null, '14', null, '2'])
    expect(updates.length).toBeLessThanOrEqual(4)
  })

  it('begins anew when the registry was away, whose index may be another then', async () => {
    for (let n = 1; n < 5; n++) consul.register(instance(n))
    const { errors, sees, updates } = watching(resolver())
    await sees(url(1), url(2), url(3), url(4))
    await consul.refuse()
    await vi.waitFor(() => expect(errors).not.toEqual([]))
    consul.forget(1)
    consul.register(instance(7))
    await consul.accept()
    await sees(url(7))
    expect(updates).toHaveLength(2)
  })

  it('never asks for index 0 over and over, whatever the registry says', async () => {
    const asked: (string | null)[] = []
    const address = await broken((request, response) => {
      const { searchParams } = new URL(request.url ?? '', 'http://consul')
      asked.push(searchParams.get('index'))
      if (asked.length < 3)
        response.setHeader('x-consul-index', asked.length === 1 ? '0' : 'nonsense').end('[]')
    })
    watching(resolver({ address }))
    await vi.waitFor(() => expect(asked).toHaveLength(3), 5_000)
    // 'nonsense' is lower than 1, so that one question for everything follows.
    expect(asked).toEqual([null, '1', null])
  })

  it('backs off when questions are answered at once without news, and forgets it with the first news', async () => {
    consul.answersAtOnce = true
    consul.register(instance(1))
    const { sees, updates } = watching(resolver({ minRefreshMs: 1 }))
    await sees(url(1))
    await vi.waitFor(() => expect(consul.requests).toHaveLength(3), 3_000)
    // The pauses were 0 and 500 ms; the next are 1, 2 and 4 s.
    consul.answersAtOnce = false
    consul.register(instance(2))
    await sees(url(1), url(2))
    expect(consul.requests.length).toBeLessThanOrEqual(5)
    expect(updates).toHaveLength(2)
  })

  it('keeps the last endpoints when the registry goes away', async () => {
    consul.register(instance(1))
    const set = setOf()
    const errors: unknown[] = []
    set.events.on('resolverError', ({ error }) => void errors.push((error as { code?: string }).code))
    set.start()
    await set.ready(Execution.start(() => undefined))
    await consul.refuse()
    await vi.waitFor(() => expect(errors[0]).toMatch(/CONNECT|LOST/))
    expect(set.pick(undefined, 0)?.endpoint.url).toBe(url(1))
    consul.forget()
    await consul.accept()
    await vi.waitFor(() => expect(errors).toHaveLength(2), 5_000)
    // It answers that there is nobody, which is not believed.
    expect(set.pick(undefined, 0)?.endpoint.url).toBe(url(1))
  })

  it('says NO_ENDPOINTS, soon, when the registry cannot be reached from the beginning, and recovers', async () => {
    await consul.refuse()
    const set = setOf()
    set.start()
    const failed = await Promise.resolve(set.ready(Execution.start(() => undefined))).catch((error) => error)
    expect(failed).toMatchObject({ code: 'NO_ENDPOINTS', message: expect.stringContaining('ECONNREFUSED') })
    consul.register(instance(1))
    await consul.accept()
    await vi.waitFor(() => expect(set.size).toBe(1), 5_000)
  })

  it('says NO_ENDPOINTS within the time of the call when the registry says nothing', async () => {
    const address = await broken(() => {})
    const set = setOf({ address })
    set.start()
    const execution = Execution.start(() => undefined)
    const waiting = set.ready(execution)
    const { DeadlineExceededError } = await import('../../../foundation/errors/index.js')
    execution.expireIn(50, () => new DeadlineExceededError())
    execution.arm()
    await expect(waiting).rejects.toMatchObject({ code: 'NO_ENDPOINTS' })
  })

  it.each<[string, RequestListener | string, RegExp]>([
    [
      'an error',
      (_, response) => response.writeHead(500).end('No cluster leader'),
      /answered 500: No cluster leader/,
    ],
    ['something else than JSON', (_, response) => response.end('<html>'), /is no JSON/],
    ['something else than a list', (_, response) => response.end('{}'), /is no list/],
    ['too much', (_, response) => void response.end(Buffer.alloc(33 * 1024 * 1024)), /larger than/],
    ['no HTTP', 'nonsense\r\n\r\n', /./],
  ])('tells of a registry that answers with %s, and asks again', async (_, answer, message) => {
    const address = typeof answer === 'string' ? await rawServer(answer) : await broken(answer)
    const { errors, updates } = watching(resolver({ address }))
    await vi.waitFor(() => expect(errors).toHaveLength(2), 8_000)
    expect(errors[0]).toMatch(message)
    expect(updates).toEqual([])
  })

  it('gives up on an answer that does not come', async () => {
    const address = await broken(() => {})
    const { errors } = watching(resolver({ address, timeoutMs: 50 }))
    await vi.waitFor(() => expect(errors[0]).toBe('Consul did not answer within 50 ms'))
  })

  it('makes do with what it understands of an answer', async () => {
    const checks = [{ Status: 'passing' }]
    const entries = [
      null,
      7,
      {},
      { Service: { Port: 1 } },
      { Service: { Address: 'a', Port: 0 }, Checks: checks },
      { Node: { Node: 'n', Address: '10.0.0.2', Meta: { zone: 'z' } }, Service: { ID: 'x', Port: 80 } },
      {
        Node: { Node: 'n' },
        Service: { ID: 'y', Address: 'fd00::1', Port: 81, Locality: { Zone: 'l' } },
        Checks: checks,
      },
      {
        Node: { Node: 'n' },
        Service: { ID: 'z', Address: 'a', Port: 82 },
        Checks: [{ Status: 'maintenance' }],
      },
    ]
    const address = await broken((_, response) => response.end(JSON.stringify(entries)))
    const { errors, updates } = watching(resolver({ address, passingOnly: false, serverName: 'orders.test' }))
    await vi.waitFor(() => expect(updates).not.toEqual([]))
    const serverName = 'orders.test'
    expect(updates[0]).toEqual([
      { url: 'http://10.0.0.2:80', id: 'n/x', weight: 1, zone: 'z', serverName },
      { url: 'http://[fd00::1]:81', id: 'n/y', weight: 1, zone: 'l', serverName },
    ])
    expect(errors).toEqual([])
  })

  it('tells instances of one id on two nodes apart, and takes the protocol from their meta values', async () => {
    const entry = (node: string) => {
      return {
        Node: { Node: node, Address: `${node}.test` },
        Service: { ID: 'orders', Port: 1, Meta: { protocol: 'https' } },
      }
    }
    const address = await broken((_, response) => response.end(JSON.stringify([entry('a'), entry('b')])))
    const set = setOf({ address })
    set.start()
    await set.ready(Execution.start(() => undefined))
    expect(set.snapshot(0).map(({ endpoint }) => endpoint.url)).toEqual([
      'https://a.test:1',
      'https://b.test:1',
    ])
  })

  it('shows its token, and keeps it to itself', async () => {
    const guarded = await consulRegistry({ token: 'top-secret' })
    onTestFinished(() => guarded.close())
    guarded.register(instance(1))
    const allowed = watching(resolver({ address: guarded.url, token: new Secret('top-secret') }))
    await allowed.sees(url(1))
    const { errors } = watching(resolver({ address: guarded.url, token: 'wrong-one' }))
    await vi.waitFor(() => expect(errors[0]).toContain('Consul answered 403: Permission denied'))
    expect(errors[0]).not.toContain('wrong-one')
  })

  it('takes address and token from the variables of Consul', async () => {
    vi.stubEnv('CONSUL_HTTP_ADDR', `127.0.0.1:${consul.port}`)
    vi.stubEnv('CONSUL_HTTP_TOKEN', 'from-the-environment')
    onTestFinished(() => void vi.unstubAllEnvs())
    consul.register(instance(1))
    await watching(consulEndpoints({ service: 'orders' })).sees(url(1))
    vi.stubEnv('CONSUL_HTTP_ADDR', 'unix:///run/consul.sock')
    expect(() => consulEndpoints({ service: 'orders' })).toThrow(
      'address: comes from CONSUL_HTTP_ADDR and must be an http',
    )
  })

  it('breaks off what it waits for when it is closed, or told to look again', async () => {
    consul.register(instance(1))
    const { sees, updates, watch, errors } = watching(resolver())
    await sees(url(1))
    await vi.waitFor(() => expect(consul.requests).toHaveLength(2))
    watch.refresh?.()
    await vi.waitFor(() => expect(indexes().slice(0, 4)).toEqual([null, '11', null, '11']))
    watch.close()
    consul.register(instance(2))
    watch.refresh?.()
    await vi.waitFor(() => expect(openSockets()).toBe(0))
    expect([updates.length, errors]).toEqual([2, []])
  })

  it('says everything that is wrong with its options at once', () => {
    const wrong = {
      service: '',
      address: 'http://me:pw@consul',
      token: 'a b',
      tags: ['', 'a'],
      waitMs: 700_000,
      consistency: 'strong',
      passing: true,
    }
    try {
      consulEndpoints(wrong as never)
      expect.unreachable()
    } catch (error) {
      const paths = (error as ConfigInvalidError).problems.map(({ path }) => path)
      expect(paths).toEqual(['passing', 'service', 'tags', 'consistency', 'waitMs', 'address', 'token'])
    }
  })
})

async function broken(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as { port: number }).port}`
}

async function rawServer(text: string): Promise<string> {
  const server = createTcpServer((socket) => {
    socket.on('error', () => {})
    socket.end(text)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return `http://127.0.0.1:${(server.address() as { port: number }).port}`
}

/** Of the client's side. */
function openSockets(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'TCPConnectWrap').length
}
