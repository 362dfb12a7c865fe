import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { HealthCheck } from '../health-check.js'
import { healthRegistry } from '../health-registry.js'
import { clientCheck, type ObservedClient } from './client-check.js'
import { diskCheck } from './disk-check.js'
import { eventLoopCheck } from './event-loop-check.js'
import { httpCheck } from './http-check.js'
import { memoryCheck } from './memory-check.js'

/** One run of `check` as a registry reports it. */
async function run(check: HealthCheck) {
  const health = healthRegistry()
  health.add('it', check)
  const { checks } = await health.aggregate()
  return checks[0]
}

describe('clientCheck', () => {
  type State = 'closed' | 'open' | 'halfOpen' | 'isolated'
  const client = (states: (State | undefined)[], queued = 0): ObservedClient => ({
    $stats: () => ({
      dependency: 'orders',
      queued,
      endpoints: states.map((state, index) => ({
        origin: `http://${index}`,
        circuitBreaker: state && { state },
      })),
    }),
  })

  it.each<[(State | undefined)[], number, string, string | undefined]>([
    [[], 0, 'fail', 'no endpoint is known'],
    [[undefined], 0, 'pass', undefined],
    [['closed', 'halfOpen'], 0, 'pass', undefined],
    [['open'], 0, 'fail', 'the circuit is open: http://0'],
    [['open', 'isolated'], 0, 'fail', 'the circuit is open: http://0, http://1'],
    [['closed', 'open'], 0, 'warn', 'the circuit is open: http://1'],
    [['closed'], 101, 'warn', '101 calls wait for a permit'],
  ])('reads the state of %o with %i waiting', async (states, queued, status, output) => {
    expect(await run(clientCheck(client(states, queued)))).toMatchObject({ status, output })
  })

  it('minds a breaker in shadow only where it was isolated by hand', async () => {
    const shadowed = (states: (State | undefined)[]) => {
      const { $stats } = client(states)
      return { $stats: () => ({ ...$stats(), shadow: ['circuitBreaker'] }) }
    }
    expect(await run(clientCheck(shadowed(['open'])))).toMatchObject({ status: 'pass' })
    expect(await run(clientCheck(shadowed(['isolated'])))).toMatchObject({ status: 'fail' })
  })

  it('looks away from endpoints that are listed no more', async () => {
    const endpoints = [
      { origin: 'http://0', state: 'draining', circuitBreaker: { state: 'closed' } },
      { origin: 'http://1', state: 'active', circuitBreaker: { state: 'open' } },
    ] as const
    const moving = { $stats: () => ({ dependency: 'orders', queued: 0, endpoints }) }
    expect(await run(clientCheck(moving))).toMatchObject({ status: 'fail' })
  })

  it('refuses what is no client', () => {
    expect(() => clientCheck({} as never)).toThrow('must be a client')
    expect(() => clientCheck(client([]), { maxQueued: -1 })).toThrow('maxQueued')
  })
})

describe('httpCheck', () => {
  const seen: string[] = []
  const server = createServer((request, response) => {
    seen.push(`${request.method} ${request.url} ${request.headers.authorization}`)
    if (request.url === '/hang') return
    response.writeHead(Number(request.url?.slice(1)), { location: '/200' }).end('x'.repeat(100_000))
  })
  let base = ''
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  afterAll(() => {
    server.close()
    server.closeAllConnections()
  })

  it.each([
    [200, 'pass'],
    [204, 'pass'],
    [302, 'fail'],
    [404, 'fail'],
    [503, 'fail'],
  ])('judges %i: %s', async (code, status) => {
    const output = status === 'fail' ? `answered ${code}` : undefined
    expect(await run(httpCheck(`${base}/${code}`))).toMatchObject({ status, output })
  })

  it('sends what it is told and takes the statuses it is told', async () => {
    const options = { method: 'HEAD', headers: { authorization: 'Bearer t' }, statuses: [401] } as const
    expect(await run(httpCheck(`${base}/401`, options))).toMatchObject({ status: 'pass' })
    expect(seen.at(-1)).toBe('HEAD /401 Bearer t')
  })

  it('says why nothing came', async () => {
    expect(await run(httpCheck('http://127.0.0.1:1'))).toMatchObject({
      status: 'fail',
      output: expect.stringMatching(/ECONNREFUSED|bad port/),
    })
    const health = healthRegistry()
    health.add('slow', httpCheck(`${base}/hang`), { timeoutMs: 50 })
    expect((await health.aggregate()).checks[0]?.output).toBe('did not answer within 50 ms')
  })

  it.each(['nonsense', 'ftp://x', 'http://me:pw@x'])('refuses %s without repeating it', (url) => {
    expect(() => httpCheck(url)).toThrow(/httpCheck\(\): url: must/)
    expect(() => httpCheck(url)).not.toThrow('pw')
  })

  it('cannot be a liveness check', () => {
    const options = { kind: 'liveness' } as const
    expect(() => healthRegistry().add('x', httpCheck(`${base}/200`), options)).toThrow('liveness')
  })
})

describe('eventLoopCheck', () => {
  it('fails while the loop is blocked, and passes afterwards', async () => {
    const check = eventLoopCheck({ maxDelayMs: 100 })
    try {
      for (let index = 0; index < 6; index++) {
        await sleep(5)
        const until = performance.now() + 200
        while (performance.now() < until);
      }
      await sleep(20)
      expect(await run(check)).toMatchObject({ status: 'fail', observedUnit: 'ms', measurement: 'delay' })
      await vi.waitFor(async () => expect(await run(check)).toMatchObject({ status: 'pass' }), 8_000)
    } finally {
      check.close?.()
    }
  })

  it('refuses a delay of nothing', () => {
    expect(() => eventLoopCheck({ maxDelayMs: 0 })).toThrow('maxDelayMs')
  })
})

describe('memoryCheck', () => {
  it.each([
    [{}, 'pass', 'heapUsed'],
    [{ maxHeapRatio: 1e-6 }, 'fail', 'heapUsed'],
    [{ maxRssBytes: 1 }, 'fail', 'rss'],
    [{ maxRssBytes: 2 ** 50 }, 'pass', 'heapUsed'],
  ])('with %o: %s', async (options, status, measurement) => {
    expect(await run(memoryCheck(options))).toMatchObject({ status, measurement, observedUnit: 'bytes' })
  })

  it('refuses ratios that are none', () => {
    expect(() => memoryCheck({ maxHeapRatio: 90 })).toThrow('maxHeapRatio')
  })
})

describe('diskCheck', () => {
  it.each([
    [{ minFreeBytes: 1 }, 'pass'],
    [{ minFreeRatio: 1e-9 }, 'pass'],
    [{ minFreeBytes: 2 ** 60 }, 'fail'],
    [{ minFreeRatio: 1 }, 'fail'],
  ])('with %o: %s', async (options, status) => {
    expect(await run(diskCheck({ path: '/', ...options }))).toMatchObject({ status, measurement: 'free' })
  })

  it('fails where there is no such path', async () => {
    expect(await run(diskCheck({ path: '/no/such' }))).toMatchObject({
      status: 'fail',
      output: expect.stringContaining('ENOENT'),
    })
  })

  it('refuses options that are wrong', () => {
    expect(() => diskCheck({} as never)).toThrow('path')
    expect(() => diskCheck({ path: '/', minFreeRatio: 10 })).toThrow('minFreeRatio')
  })
})
