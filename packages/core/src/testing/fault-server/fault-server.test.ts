import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { Agent, request } from 'undici'
import { describe, expect, it } from 'vitest'
import {
  answer,
  type Behaviour,
  delay,
  type Fault,
  faultServer,
  phases,
  sometimes,
  stall,
} from '../../testing.js'

const statuses = async (url: string, count: number, headers?: (index: number) => Record<string, string>) => {
  const seen: number[] = []
  for (let index = 0; index < count; index++) {
    seen.push((await fetch(url, { headers: headers?.(index) ?? {} })).status)
  }
  return seen
}

describe('chance', () => {
  const half: Behaviour = [sometimes(0.5, answer(503)), answer(200)]

  it('is the same for the same seed and another for another', async () => {
    const run = async (seed: number) => {
      await using server = await faultServer({ seed, routes: { '*': half } })
      return await statuses(server.url, 40)
    }
    const first = await run(1)
    expect(await run(1)).toEqual(first)
    expect(await run(2)).not.toEqual(first)
    const failures = first.filter((one) => one === 503).length
    expect(failures).toBeGreaterThan(8)
    expect(failures).toBeLessThan(32)
  })

  it('does not depend on what other routes are asked', async () => {
    await using server = await faultServer({ routes: { '/a': half, '/b': half } })
    const alone = await statuses(`${server.url}/a`, 20)
    server.clear()
    const together: number[] = []
    for (let index = 0; index < 20; index++) {
      await fetch(`${server.url}/b`)
      together.push((await fetch(`${server.url}/a`)).status)
    }
    expect(together).toEqual(alone)
  })

  it('begins anew with a phase, and differs between phases', async () => {
    await using server = await faultServer({ routes: { '*': [phases({ one: [], two: [] }), half] } })
    const one = await statuses(server.url, 30)
    server.phase('two')
    const two = await statuses(server.url, 30)
    server.phase('one')
    expect(await statuses(server.url, 30)).toEqual(one)
    expect(two).not.toEqual(one)
  })

  it('can be counted by a header', async () => {
    await using server = await faultServer({ verdictHeader: 'X-Call-Id', routes: { '*': half } })
    const forwards = await statuses(server.url, 20, (index) => ({ 'x-call-id': `call-${index % 10}` }))
    server.clear()
    const order = [...forwards.keys()].map((index) => 9 - (index % 10))
    const backwards = await statuses(server.url, 20, (index) => ({ 'x-call-id': `call-${order[index]}` }))
    expect(backwards.slice(0, 10)).toEqual(forwards.slice(0, 10).reverse())
    expect(backwards.slice(10)).toEqual(forwards.slice(10).reverse())
    expect(server.requests.map(({ turn }) => turn)).toEqual([...Array(10).fill(1), ...Array(10).fill(2)])
  })
})

describe('log and counts', () => {
  it('records what arrived and how it ended', async () => {
    await using server = await faultServer({
      recordBodies: true,
      routes: { 'POST /orders/{id}': answer(201), 'GET /hole': stall() },
    })
    await fetch(`${server.url}/orders/1?x=y`, { method: 'POST', body: 'hello', headers: { 'x-a': 'b' } })
    await expect(fetch(`${server.url}/hole`, { signal: AbortSignal.timeout(50) })).rejects.toThrow()
    await fetch(`${server.url}/nowhere`)
    expect(server.requests).toMatchObject([
      { method: 'POST', path: '/orders/1?x=y', route: 'POST /orders/{id}', outcome: 'answered', status: 201 },
      { path: '/hole', faults: ['stall'], outcome: 'faulted', status: undefined },
      { path: '/nowhere', route: '<unmatched>', status: 404 },
    ])
    expect(server.requests[0]?.body.toString()).toBe('hello')
    expect(server.requests[0]?.headers['x-a']).toBe('b')
    expect(server.stats()).toMatchObject({
      requests: 3,
      answered: 2,
      faulted: 1,
      inFlight: 0,
      peakInFlight: 1,
      statuses: { 201: 1, 404: 1 },
      routes: { 'GET /hole': { default: { requests: 1, faulted: 1 } } },
    })
  })

  it('leaves the body to a listener that reads it later', async () => {
    const echo: Behaviour = (incoming, response) => void incoming.pipe(response)
    await using server = await faultServer({ recordBodies: true, routes: { '*': [delay(20), echo] } })
    const body = 'x'.repeat(300_000)
    expect(await (await fetch(server.url, { method: 'POST', body })).text()).toBe(body)
    expect(server.requests[0]?.body.length).toBe(300_000)
  })

  it('holds the latest requests only', async () => {
    await using server = await faultServer({ logSize: 3 })
    for (let index = 0; index < 8; index++) await fetch(`${server.url}/${index}`)
    expect(server.requests.map(({ path }) => path)).toEqual(['/5', '/6', '/7'])
    expect(server.stats().requests).toBe(8)
    server.clear()
    expect(server.requests).toEqual([])
    expect(server.stats().requests).toBe(0)
  })

  it('waits for requests', async () => {
    await using server = await faultServer()
    const both = server.received(2)
    await Promise.all([fetch(server.url), fetch(server.url)])
    await both
    await expect(server.received(3, { timeoutMs: 10 })).rejects.toThrow(
      '2 of 3 requests arrived within 10 ms',
    )
  })

  it('tells what a listener threw, synchronously or not', async () => {
    const fail = () => {
      throw new Error('broken on purpose')
    }
    await using server = await faultServer({ routes: { '/now': fail, '/later': async () => fail() } })
    expect((await fetch(`${server.url}/now`)).status).toBe(500)
    expect((await fetch(`${server.url}/later`)).status).toBe(500)
    expect(server.requests.map(({ error }) => String(error))).toEqual(
      Array(2).fill('Error: broken on purpose'),
    )
  })
})

describe('connections', () => {
  it('refuses and accepts again on the same port', async () => {
    await using server = await faultServer()
    const { port } = server
    await fetch(server.url)
    await server.refuse()
    expect(server.stats().connections).toBe(0)
    await expect(request(server.url)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    await server.accept()
    expect(server.port).toBe(port)
    expect((await fetch(server.url)).status).toBe(200)
  })

  it('drops idle connections or all', async () => {
    await using server = await faultServer({ routes: { '/slow': delay(60), '/fast': [] } })
    const agent = new Agent({ connections: 1 })
    const get = (path: string) =>
      request(server.url + path, { dispatcher: agent }).then(({ body }) => body.dump())
    await get('/fast')
    server.dropIdleConnections()
    await expect.poll(() => server.stats().connections).toBe(0)
    const slow = get('/slow')
    await server.received(2)
    server.dropIdleConnections()
    await slow
    const lost = expect(get('/slow')).rejects.toThrow()
    await server.received(3)
    server.dropConnections()
    await lost
    expect(server.stats()).toMatchObject({ aborted: 1, connectionsTotal: 2 })
    await agent.close()
  })

  it('closes at once with requests of every kind in flight, and leaves nothing behind', async () => {
    const timers = () => process.getActiveResourcesInfo().filter((one) => one === 'Timeout').length
    const timersBefore = timers()
    const server = await faultServer({ routes: { '/stall': stall({ at: 'body' }), '/slow': delay(60_000) } })
    const paths = ['/stall', ...Array<string>(10).fill('/slow')]
    const calls = paths.map((path) => fetch(server.url + path).then((response) => response.text()))
    const waiting = server.received(99)
    await server.received(11)
    expect(timers()).toBeGreaterThanOrEqual(timersBefore + 10)
    await Promise.all([server.close(), ...calls.map((call) => expect(call).rejects.toThrow())])
    await expect(waiting).rejects.toThrow('closed when 11 of 99')
    // fetch and the test runner have a few of their own.
    expect(timers()).toBeLessThan(timersBefore + 8)
    await server.close()
  })

  it('survives requests that are no HTTP, and resets', async () => {
    await using server = await faultServer({ routes: { '*': delay(20) } })
    for (const bytes of ['nonsense\r\n\r\n', 'GET / HTTP/1.1\r\nhost: x\r\n\r\n']) {
      const socket = connect(server.port, '127.0.0.1', () => {
        socket.write(bytes, () => socket.resetAndDestroy())
      })
      await new Promise((resolve) => socket.once('close', resolve))
    }
    await sleep(40)
    expect((await fetch(server.url)).status).toBe(200)
  })
})

describe('behaviours', () => {
  it('can be replaced while the server runs', async () => {
    await using server = await faultServer({ routes: { 'GET /a': answer(200) } })
    server.set('GET /a', answer(503))
    server.set('GET /b', answer(404))
    expect((await fetch(`${server.url}/a`)).status).toBe(503)
    expect((await fetch(`${server.url}/b`)).status).toBe(404)
    expect(() => server.set('bad pattern', [])).toThrow("routes['bad pattern']: is no route")
  })

  it('can be written by hand', async () => {
    const everySecond: Fault = {
      kind: 'every second',
      apply: (exchange, next) => (exchange.turn % 2 === 0 ? answer(500).apply(exchange, next) : next()),
    }
    await using server = await faultServer({ routes: { '*': [everySecond, answer(200)] } })
    expect(await statuses(server.url, 4)).toEqual([200, 500, 200, 500])
  })

  it('stand in front of a service that exists', async () => {
    const service = createServer((_, response) => void response.end('real'))
    const listener = service.listeners('request')[0] as Behaviour
    await using server = await faultServer({
      routes: { '*': [phases({ up: [], down: answer(503) }), listener] },
    })
    expect(await (await fetch(server.url)).text()).toBe('real')
    server.phase('down')
    expect((await fetch(server.url)).status).toBe(503)
  })
})

it('names every wrong option', async () => {
  const wrong = {
    routes: { orders: [], 'GET /x': [answer(), 5] },
    seed: Number.NaN,
    host: '0.0.0.0',
    port: 70_000,
    logSize: -1,
    recordBodies: 'yes',
    keepAliveTimeoutMs: -1,
    verdictHeader: '',
    phase: 5,
    sede: 1,
  }
  const error = await faultServer(wrong as never).catch((caught: unknown) => caught)
  expect(error).toMatchObject({ code: 'CONFIG_INVALID' })
  const paths = (error as { problems: { path: string }[] }).problems.map(({ path }) => path)
  expect(new Set(paths)).toEqual(
    new Set(
      ["routes['orders']", "routes['GET /x'][1]", 'seed', 'host', 'port', 'logSize', 'recordBodies'].concat([
        'keepAliveTimeoutMs',
        'verdictHeader',
        'phase',
        'sede',
      ]),
    ),
  )
  await expect(faultServer({ phase: 'odd' })).rejects.toThrow('no route has phases()')
})

it('says when its port is taken', async () => {
  const other = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => other.once('listening', resolve))
  const { port } = other.address() as AddressInfo
  await expect(faultServer({ port })).rejects.toMatchObject({ code: 'EADDRINUSE' })
  other.close()
})
