import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { startDnsServer, type TestDnsServer, type TestRecord } from '../../../test/fixtures/dns-server.js'
import { ConfigInvalidError } from '../../foundation/errors/index.js'
import { type DnsEndpointsOptions, dnsEndpoints } from './dns-endpoints.js'
import type { DnsAnswer } from './dns-records.js'
import type { EndpointInput } from './endpoint.js'
import type { ResolverWatch } from './resolver.js'

interface Watching {
  readonly watch: ResolverWatch
  readonly updates: (readonly EndpointInput[])[]
  readonly errors: string[]
}

const watching = (options: DnsEndpointsOptions): Watching => {
  const updates: (readonly EndpointInput[])[] = []
  const errors: string[] = []
  const watch = dnsEndpoints(options).watch({
    update: (endpoints) => void updates.push(endpoints),
    error: (error) => void errors.push((error as Error).message),
  })
  return { watch, updates, errors }
}

describe('dnsEndpoints, in time', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  const address = (host: string, ttlSeconds = 10): DnsAnswer => ({ host, ttlSeconds })
  const base = { hostname: 'orders.test', port: 3000, random: () => 0 } as const

  it('asks again when the records expire, within the bounds', async () => {
    const resolve = vi.fn<() => Promise<DnsAnswer[]>>()
    resolve.mockResolvedValueOnce([address('10.0.0.1', 0), address('10.0.0.2', 60)])
    resolve.mockResolvedValueOnce([address('10.0.0.1', 12)])
    resolve.mockResolvedValue([address('10.0.0.1', 86_400)])
    const { updates } = watching({ ...base, resolve })
    const askedAfter = async (ms: number): Promise<number> => {
      await vi.advanceTimersByTimeAsync(ms)
      return resolve.mock.calls.length
    }
    expect([await askedAfter(4_999), await askedAfter(2)]).toEqual([1, 2])
    expect([await askedAfter(11_990), await askedAfter(11)]).toEqual([2, 3])
    expect([await askedAfter(29_980), await askedAfter(21)]).toEqual([3, 4])
    const serverName = 'orders.test:3000'
    expect(updates[0]).toEqual([
      { url: 'http://10.0.0.1:3000', serverName },
      { url: 'http://10.0.0.2:3000', serverName },
    ])
  })

  it('asks again, less and less often, when it gets no answer', async () => {
    const resolve = vi.fn().mockRejectedValue(Object.assign(new Error('x'), { code: 'ESERVFAIL' }))
    const { updates, errors } = watching({ ...base, resolve })
    await vi.advanceTimersByTimeAsync(120_000)
    expect(resolve.mock.calls.length).toBeGreaterThan(8)
    expect(resolve.mock.calls.length).toBeLessThan(16)
    expect([updates, errors[0]]).toEqual([[], 'A of orders.test failed: ESERVFAIL'])
  })

  it.each([
    ['hangs', () => new Promise<never>(() => {}), 'no answer for orders.test within 5000 ms'],
    [
      'throws',
      () => {
        throw new Error('boom')
      },
      'A of orders.test failed: boom',
    ],
    ['gives nonsense', async () => 7 as never, /failed/],
  ])('goes on when a resolver %s', async (_, broken, message) => {
    const resolve = vi
      .fn()
      .mockImplementationOnce(broken)
      .mockResolvedValue([address('10.0.0.1')])
    const { updates, errors } = watching({ ...base, resolve })
    await vi.advanceTimersByTimeAsync(6_000)
    expect(errors).toEqual([expect.stringMatching(message)])
    expect(updates).toHaveLength(1)
  })

  it('looks sooner when asked to, but not all the time', async () => {
    const resolve = vi.fn().mockResolvedValue([address('10.0.0.1', 600)])
    const { watch } = watching({ ...base, resolve })
    await vi.advanceTimersByTimeAsync(1_000)
    for (let n = 0; n < 100; n++) watch.refresh?.()
    expect(resolve).toHaveBeenCalledTimes(1)
    await vi.advanceTimersByTimeAsync(4_001)
    expect(resolve).toHaveBeenCalledTimes(2)
  })

  it('ends with close, also while it is asking', async () => {
    let answer = (_: DnsAnswer[]): void => {}
    const resolve = vi.fn(() => new Promise<DnsAnswer[]>((done) => (answer = done)))
    const { watch, updates } = watching({ ...base, resolve })
    watch.close()
    watch.refresh?.()
    answer([address('10.0.0.1')])
    await vi.advanceTimersByTimeAsync(60_000)
    const idle = watching({ ...base, resolve: async () => [address('10.0.0.1')] }).watch
    await vi.advanceTimersByTimeAsync(1_000)
    idle.close()
    idle.refresh?.()
    expect([updates, resolve.mock.calls.length, vi.getTimerCount()]).toEqual([[], 1, 0])
  })

  it('spreads processes that asked together', async () => {
    const asked = [0, 0.999].map((chance) => {
      const resolve = vi.fn().mockResolvedValue([address('10.0.0.1', 20)])
      watching({ ...base, random: () => chance, resolve })
      return resolve
    })
    await vi.advanceTimersByTimeAsync(20_500)
    expect(asked.map((resolve) => resolve.mock.calls.length)).toEqual([2, 1])
  })
})

describe('dnsEndpoints, on a name server', () => {
  let server: TestDnsServer
  const a = (host: number, ttl = 1): TestRecord => ({ type: 'A', address: `10.0.0.${host}`, ttl })
  const srv = (target: string, weight: number, priority = 1): TestRecord => {
    return { type: 'SRV', target, port: 8080, weight, priority }
  }
  beforeEach(async () => {
    server = await startDnsServer([])
  })
  afterEach(() => server.close())

  it('finds addresses, hears of changes and keeps quiet about failures that it may survive', async () => {
    server.answer = [a(1), a(2)]
    const options = { hostname: 'orders.test', servers: [server.address], minRefreshMs: 10, maxRefreshMs: 20 }
    const { watch, updates, errors } = watching(options)
    const urlsOf = () => updates.at(-1)?.map((endpoint) => (endpoint as { url: string }).url)
    await vi.waitFor(() => expect(urlsOf()).toEqual(['http://10.0.0.1:80', 'http://10.0.0.2:80']))
    server.answer = []
    await vi.waitFor(() => expect(errors[0]).toContain('A of orders.test failed: ENOTFOUND'))
    server.answer = [a(2), a(3)]
    await vi.waitFor(() => expect(urlsOf()).toEqual(['http://10.0.0.2:80', 'http://10.0.0.3:80']))
    watch.close()
    expect(server.asked[0]).toBe('orders.test')
  })

  it('takes SRV records with their weights and priorities, the lower one of what has two', async () => {
    server.answer = [srv('a.test', 3), srv('a.test', 3, 2), srv('b.test', 0), srv('spare.test', 1, 2)]
    const { watch, updates } = watching({
      hostname: '_http._tcp.orders.test',
      type: 'SRV',
      protocol: 'https',
      servers: [server.address],
    })
    await vi.waitFor(() => expect(updates).toHaveLength(1))
    watch.close()
    const byUrl = new Map(updates[0]?.map((endpoint) => [(endpoint as { url: string }).url, endpoint]))
    const said = (name: string) => byUrl.get(`https://${name}.test:8080`)
    expect(said('a')).toEqual({ url: 'https://a.test:8080', weight: 3, priority: 1 })
    expect(said('b')).toEqual({ url: 'https://b.test:8080', weight: 0.1, priority: 1 })
    expect(said('spare')).toEqual({ url: 'https://spare.test:8080', weight: 1, priority: 2 })
    expect(updates[0]).toHaveLength(3)
  })

  it('gives up on a name server that says nothing', async () => {
    server.answer = undefined
    const { watch, errors } = watching({ hostname: 'orders.test', servers: [server.address], timeoutMs: 50 })
    await vi.waitFor(() => expect(errors).toHaveLength(1))
    watch.close()
  })

  it('asks the operating system for `lookup`', async () => {
    const { watch, updates } = watching({ hostname: 'localhost', type: 'lookup', port: 3000 })
    await vi.waitFor(() => expect(updates).toHaveLength(1))
    watch.close()
    const addresses = updates.flat().map((endpoint) => (endpoint as { url: string }).url)
    expect(['http://127.0.0.1:3000', 'http://[::1]:3000']).toContain(addresses[0])
  })
})

it.each([
  ['http', 80, 'orders.test'],
  ['http', 443, 'orders.test:443'],
  ['https', 443, 'orders.test'],
  ['https', undefined, 'orders.test'],
  ['https', 8443, 'orders.test:8443'],
] as const)('names its %s server on port %s as %s', async (protocol, port, serverName) => {
  const resolve = async () => [{ host: '10.0.0.1' }]
  const place = port === undefined ? { protocol } : { protocol, port }
  const { watch, updates } = watching({ hostname: 'orders.test.', resolve, ...place })
  await vi.waitFor(() => expect(updates[0]?.[0]).toMatchObject({ serverName }))
  watch.close()
})

it('says what to do about a name without a dot', async () => {
  const resolve = () => Promise.reject(Object.assign(new Error('x'), { code: 'ENOTFOUND' }))
  const { watch, errors } = watching({ hostname: 'orders', resolve })
  await vi.waitFor(() => expect(errors[0]).toContain("use type 'lookup', which tries search domains"))
  watch.close()
})

it('says everything that is wrong with its options at once', () => {
  const wrong = { hostname: 'http://a', type: 'SRV', port: 0, minRefreshMs: 9, maxRefreshMs: 5, servers: [] }
  try {
    dnsEndpoints(wrong as never)
    expect.unreachable()
  } catch (error) {
    const { problems } = error as ConfigInvalidError
    expect(error).toBeInstanceOf(ConfigInvalidError)
    expect(problems.map(({ path }) => path)).toEqual(['hostname', 'port', 'port', 'minRefreshMs', 'servers'])
  }
})
