import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { Redis } from 'ioredis'
import { afterEach, describe, expect, inject, it, vi } from 'vitest'
import { rateLimit } from './rate-limit.js'
import type { RateLimit } from './rate-limit-interface.js'

const { redis } = inject('servers')
const hasRedisServer = spawnSync('redis-server', ['--version']).status === 0

const cleanUps: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp()
})

type SharedOptions = Omit<Parameters<typeof rateLimit>[0], 'redis'> & {
  redis: { url?: string; client?: Redis; key?: string; emergencyLimit?: number; timeoutMs?: number }
}

/** One replica, with what it says about Redis. */
function replica({ redis, ...options }: SharedOptions): RateLimit & { readonly said: string[] } {
  const policy = rateLimit({ ...options, redis: { key: randomUUID(), ...redis } })
  const said: string[] = []
  policy.on('degraded', ({ error }) => said.push(`degraded: ${(error as Error).message}`))
  policy.on('restored', () => said.push('restored'))
  cleanUps.push(() => policy.close())
  return Object.assign(policy, { said })
}

/** Runs `calls` calls; the moments at which they began. */
function begin(policy: RateLimit, calls: number) {
  const startedAt = performance.now()
  const began: number[] = []
  const call = () => policy.execute(() => began.push(performance.now() - startedAt))
  const settled = Promise.allSettled(Array.from({ length: calls }, call))
  return { began, settled }
}

const answered = (policy: RateLimit) => policy.execute(() => 'answer')
const waitFor = (check: () => void) => vi.waitFor(check, { timeout: 8000, interval: 10 })

describe.skipIf(redis === undefined)('a shared quota [needs Redis]', () => {
  const url = redis ?? ''
  // A busy machine is not what these tests are about.
  const timeoutMs = 2000

  it('is kept to by two replicas together, window after window', async () => {
    const key = randomUUID()
    const options = { limit: 20, intervalMs: 1000, redis: { url, key, timeoutMs } }
    const replicas = [replica(options), replica(options)]
    const began: number[] = []
    const startedAt = performance.now()
    const calls = replicas.flatMap((policy) =>
      Array.from({ length: 30 }, () => policy.execute(() => began.push(performance.now() - startedAt))),
    )
    await Promise.all(calls)
    began.sort((a, b) => a - b)
    const windows: number[][] = []
    for (const at of began) {
      const window = windows.at(-1)
      if (window !== undefined && at - (window[0] ?? 0) < 600) window.push(at)
      else windows.push([at])
    }
    for (const { length } of windows) expect(length).toBeLessThanOrEqual(20)
    expect(began).toHaveLength(60)
    expect(replicas.flatMap(({ said }) => said)).toEqual([])
    expect(replicas.map(({ mode }) => mode)).toEqual(['shared', 'shared'])
  })

  it('is not taken whole by the replica that comes first with many calls', async () => {
    const options = { limit: 40, intervalMs: 60_000, redis: { url, key: randomUUID(), timeoutMs } }
    const [greedy, modest] = [replica(options), replica(options)]
    await Promise.all([answered(greedy), answered(modest)])
    const many = begin(greedy, 500)
    const few = begin(modest, 2)
    await few.settled
    expect(few.began).toHaveLength(2)
    await waitFor(() => expect(many.began).toHaveLength(36))
  })

  it('is not exceeded by replicas whose clocks are hours apart', async () => {
    const { accepted, ...proxied } = await proxy(url)
    const redis = { url: proxied.url, key: randomUUID(), timeoutMs }
    const options = { limit: 5, intervalMs: 600, redis }
    const clock = vi.spyOn(Date, 'now')
    const real = clock.getMockImplementation() ?? (() => performance.timeOrigin + performance.now())
    let skewMs = 0
    clock.mockImplementation(() => Math.round(real() + skewMs))
    const policies = [0, 1, 2].map(() => replica(options))
    const calls = policies.map((policy, index) => {
      skewMs = (index - 1) * 7_200_000
      return begin(policy, 10)
    })
    const count = () => calls.reduce((sum, { began }) => sum + began.length, 0)
    await waitFor(() => expect(count()).toBe(5))
    skewMs = 7_200_000
    await new Promise((resolve) => setTimeout(resolve, 250))
    expect(count()).toBe(5)
    skewMs = -7_200_000
    await waitFor(() => expect(count()).toBe(10))
    expect(policies.flatMap(({ said }) => said)).toEqual([])
    // Nobody was taken for dead and had to begin anew.
    expect(accepted.size).toBe(6)
  })

  it('does not take a busy process for a Redis that is away', async () => {
    const policy = replica({ limit: 1000, intervalMs: 60_000, redis: { url, timeoutMs: 150 } })
    await waitFor(() => expect(policy.execute(() => policy.mode)).resolves.toBe('shared'))
    policy.said.length = 0
    for (let round = 0; round < 3; round++) {
      const call = answered(policy)
      // The question is on its way; the answer arrives while nobody can read it.
      await new Promise((resolve) => setImmediate(resolve))
      for (const until = performance.now() + 200; performance.now() < until; );
      await call
    }
    expect(policy.said).toEqual([])
  })

  it('works with the user’s client, which is neither changed nor closed', async () => {
    const client = new Redis(url)
    cleanUps.push(() => client.disconnect())
    await client.ping()
    const listeners = client.eventNames().map((name) => [name, client.listenerCount(name)])
    const policy = replica({ limit: 5, intervalMs: 1000, redis: { client, timeoutMs } })
    expect(await answered(policy)).toBe('answer')
    expect(policy.mode).toBe('shared')
    policy.close()
    expect(client.eventNames().map((name) => [name, client.listenerCount(name)])).toEqual(listeners)
    expect(await client.ping()).toBe('PONG')
  })

  it('goes on when its keys have been deleted', async () => {
    const key = randomUUID()
    const client = new Redis(url)
    cleanUps.push(() => client.disconnect())
    const policy = replica({ limit: 1000, intervalMs: 60_000, redis: { url, key, timeoutMs } })
    await answered(policy)
    const keys = await client.keys(`*{${key}}*`)
    expect(keys.length).toBeGreaterThan(2)
    for (const name of keys) expect(await client.pttl(name)).toBeGreaterThan(0)
    await client.del(...keys)
    expect(await answered(policy)).toBe('answer')
    expect(policy.said).toEqual([])
  })

  it('leaves no connection behind, closed while it is connecting or later', async () => {
    const { sockets, ...proxied } = await proxy(url)
    const options = { limit: 5, intervalMs: 1000, redis: { url: proxied.url, timeoutMs } }
    for (const ms of [0, 1, 2, 5, 20]) {
      const policy = replica(options)
      await new Promise((resolve) => setTimeout(resolve, ms))
      policy.close()
    }
    const used = replica(options)
    await answered(used)
    expect(sockets.size).toBeGreaterThan(0)
    used.close()
    await waitFor(() => expect(sockets.size).toBe(0))
  })

  it('does not keep the process alive', async () => {
    const policy = replica({ limit: 5, intervalMs: 1000, redis: { url, timeoutMs } })
    await answered(policy)
    expect(policy.mode).toBe('shared')
    // Those of other tests may still be closing.
    await waitFor(() => expect(process.getActiveResourcesInfo()).not.toContain('TCPSocketWrap'))
    expect(policy.mode).toBe('shared')
  })
})

describe('without Redis', () => {
  const patience = 300

  it('falls back to the emergency quota when the connection is refused', async () => {
    const policy = replica({
      limit: 100,
      intervalMs: 60_000,
      redis: { url: `redis://127.0.0.1:${await freePort()}` },
    })
    const { began, settled } = begin(policy, 30)
    await waitFor(() => expect(began).toHaveLength(10))
    expect(Math.max(...began)).toBeLessThan(patience)
    expect(policy.mode).toBe('degraded')
    expect(policy.said).toEqual([expect.stringMatching(/^degraded: .*ECONNREFUSED/)])
    policy.close()
    await settled
  })

  it('falls back within its timeout when nobody answers', async () => {
    const { port } = await blackHole()
    const url = `redis://127.0.0.1:${port}`
    const policy = replica({ limit: 100, intervalMs: 60_000, redis: { url, emergencyLimit: 3 } })
    const { began, settled } = begin(policy, 5)
    await waitFor(() => expect(began).toHaveLength(3))
    expect(Math.min(...began)).toBeGreaterThan(40)
    expect(Math.max(...began)).toBeLessThan(patience)
    expect(policy.said).toEqual(['degraded: Redis did not answer within 45 ms'])
    policy.close()
    await settled
  })

  it('says so when ioredis is not installed', async () => {
    vi.doMock('ioredis', () => {
      throw new Error('Cannot find package')
    })
    cleanUps.push(() => vi.doUnmock('ioredis'))
    const policy = replica({
      limit: 1,
      intervalMs: 1000,
      redis: { url: 'redis://127.0.0.1:1', timeoutMs: 2000 },
    })
    await expect(answered(policy)).rejects.toThrow(/redis.url: needs the package 'ioredis'/)
    expect(policy.said).toEqual([])
  })

  it('leaves no connection behind', async () => {
    const { port, sockets } = await blackHole()
    const policy = replica({ limit: 100, intervalMs: 1000, redis: { url: `redis://127.0.0.1:${port}` } })
    await answered(policy)
    await waitFor(() => expect(sockets.size).toBeGreaterThan(0))
    policy.close()
    await waitFor(() => expect(sockets.size).toBe(0))
  })
})

describe.skipIf(!hasRedisServer)('Redis fails and comes back [needs redis-server]', () => {
  const options = { limit: 1000, intervalMs: 60_000 }
  const timeoutMs = 400

  it('is stopped, and started again empty', async () => {
    const port = await freePort()
    const server = await startRedis(port)
    const policy = replica({ ...options, redis: { url: `redis://127.0.0.1:${port}`, timeoutMs } })
    await answered(policy)
    expect(policy.mode).toBe('shared')
    await stop(server)
    expect(await answered(policy)).toBe('answer')
    expect(policy.mode).toBe('degraded')
    await startRedis(port)
    await waitFor(() => expect(policy.mode).toBe('shared'))
    for (let call = 0; call < 20; call++) expect(await answered(policy)).toBe('answer')
    expect(policy.said).toEqual([expect.stringMatching(/^degraded: /), 'restored'])
  })

  it('freezes with its connections open, and thaws', async () => {
    const port = await freePort()
    const server = await startRedis(port)
    const policy = replica({
      ...options,
      redis: { url: `redis://127.0.0.1:${port}`, emergencyLimit: 2, timeoutMs },
    })
    await answered(policy)
    server.kill('SIGSTOP')
    const { began, settled } = begin(policy, 4)
    await waitFor(() => expect(began).toHaveLength(2))
    expect(Math.max(...began)).toBeLessThan(800)
    server.kill('SIGCONT')
    // Those who waited for the next emergency window go on at once.
    await settled
    expect(began).toHaveLength(4)
    expect(policy.mode).toBe('shared')
  })

  it('counts what was used without it', async () => {
    const port = await freePort()
    const redis = { url: `redis://127.0.0.1:${port}`, emergencyLimit: 3 }
    const policy = replica({ limit: 10, intervalMs: 60_000, redis })
    const { began } = begin(policy, 20)
    await waitFor(() => expect(began).toHaveLength(3))
    await startRedis(port)
    await waitFor(() => expect(began.length).toBe(10))
    await waitFor(() => expect(policy.said).toContain('restored'))
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(began).toHaveLength(10)
  })

  it('keeps to one emergency quota in a window, however often it fails', async () => {
    const port = await freePort()
    const policy = replica({
      ...options,
      redis: { url: `redis://127.0.0.1:${port}`, emergencyLimit: 2, timeoutMs },
    })
    // The quota is used up by the first two calls, and the next two wait for Redis.
    for (const [begun, queued] of [
      [2, 0],
      [0, 2],
    ]) {
      const calls = begin(policy, 2)
      await waitFor(() => expect(policy.mode).toBe('degraded'))
      await waitFor(() => expect([calls.began.length, policy.queued]).toEqual([begun, queued]))
      const server = await startRedis(port)
      await waitFor(() => expect(policy.mode).toBe('shared'))
      await calls.settled
      await stop(server)
      // Notices the failure and waits in the emergency quota, which is used up.
      const waiting = begin(policy, 1)
      await waitFor(() => expect(policy.mode).toBe('degraded'))
      await new Promise((resolve) => setTimeout(resolve, 30))
      expect(waiting.began).toHaveLength(0)
      const again = await startRedis(port)
      await waiting.settled
      await stop(again)
    }
  })
})

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** Accepts connections and never answers. */
const blackHole = () => listen((socket) => socket.resume())

/** Passes everything on to Redis, and knows the connections. */
async function proxy(url: string) {
  const { hostname, port } = new URL(url)
  const server = await listen((socket) => {
    const upstream = connect(Number(port || 6379), hostname)
    upstream.on('error', () => {})
    socket.on('close', () => upstream.destroy())
    socket.pipe(upstream).pipe(socket)
  })
  return { ...server, url: `redis://127.0.0.1:${server.port}` }
}

/** A server with the connections that are open, and all that it has accepted. */
async function listen(serve: (socket: Socket) => unknown) {
  const sockets = new Set<Socket>()
  const accepted = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    accepted.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
    serve(socket)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  cleanUps.push(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { port: (server.address() as AddressInfo).port, sockets, accepted }
}

async function startRedis(port: number): Promise<ChildProcess> {
  const settings = ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no']
  const server = spawn('redis-server', settings, { stdio: ['ignore', 'pipe', 'ignore'] })
  cleanUps.push(() => stop(server))
  await vi.waitFor(
    async () => {
      const probe = new Redis(port, '127.0.0.1', { lazyConnect: true, retryStrategy: () => null })
      probe.on('error', () => {})
      await probe.connect().finally(() => probe.disconnect())
    },
    { timeout: 5000, interval: 20 },
  )
  return server
}

async function stop(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return
  const exited = once(server, 'exit')
  server.kill('SIGKILL')
  await exited
}
