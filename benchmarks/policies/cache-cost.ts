/**
 * What a cached and a coalesced read cost beside a bare `pool.request`, and why Holdfast takes the rules of undici's
 * cache and not the rest of it. Fails when undici behaves differently from what the decision record says.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createClient, defineContract } from '@holdfast/core'
import { Agent, cacheStores, interceptors, Pool } from 'undici'
import { z } from 'zod'
import { expectSeen } from './measure.js'

const concurrency = 50
const callsOfRound = 6_000
const rounds = 6

const answer: RequestListener = (request, response) => {
  const url = request.url ?? ''
  response.setHeader('content-type', 'application/json')
  if (url.includes('fresh')) response.setHeader('cache-control', 'max-age=600')
  if (url.includes('asked')) {
    response.setHeader('cache-control', 'no-cache').setHeader('etag', '"1"')
    if (request.headers['if-none-match'] !== undefined) return void response.writeHead(304).end()
  }
  const items = Array.from({ length: 10 }, (_, index) => ({ sku: `sku-${index}`, quantity: index }))
  response.end(JSON.stringify({ id: '42', items }))
}

const orders = defineContract('orders', {
  getOrder: {
    method: 'GET',
    path: '/orders/{id}',
    input: z.object({ id: z.string() }),
    output: z.object({
      id: z.string(),
      items: z.array(z.object({ sku: z.string(), quantity: z.number() })),
    }),
  },
})

if (process.argv[2] === 'serve') {
  const server = createServer(answer).listen(0, '127.0.0.1', () => {
    process.send?.((server.address() as AddressInfo).port)
  })
} else {
  const service = fork(new URL(import.meta.url), ['serve'])
  const [port] = await once(service, 'message')
  try {
    await measure(`http://127.0.0.1:${port}`)
    await lookAtUndici()
  } finally {
    service.kill()
  }
}

async function measure(baseUrl: string): Promise<void> {
  const pool = new Pool(baseUrl, { connections: concurrency })
  const plain = createClient(orders, { baseUrl })
  const cached = createClient(orders, { baseUrl, cache: true })
  const coalesced = createClient(orders, { baseUrl, coalesce: true })
  let serial = 0
  const arms: Readonly<Record<string, () => Promise<unknown>>> = {
    'pool.request': async () => (await pool.request({ path: '/orders/plain', method: 'GET' })).body.json(),
    'client without a cache': () => plain.getOrder({ id: `plain${serial++}` }),
    'cache: hit': () => cached.getOrder({ id: 'fresh' }),
    'cache: miss that is not kept': () => cached.getOrder({ id: `plain${serial++}` }),
    'cache: miss that is kept': () => cached.getOrder({ id: `fresh${serial++}` }),
    'cache: asked, still right': () => cached.getOrder({ id: 'asked' }),
    'coalesce: alone': () => coalesced.getOrder({ id: `plain${serial++}` }),
    'coalesce: ten share one': () => coalesced.getOrder({ id: `plain${Math.floor(serial++ / 10)}` }),
  }
  const costs = new Map<string, number[]>()
  for (let round = 0; round < rounds; round++) {
    for (const [name, call] of Object.entries(arms)) {
      const before = process.cpuUsage()
      for (let done = 0; done < callsOfRound; done += concurrency) {
        await Promise.all(Array.from({ length: concurrency }, call))
      }
      const { user, system } = process.cpuUsage(before)
      if (round > 0) costs.set(name, [...(costs.get(name) ?? []), (user + system) / callsOfRound])
    }
  }
  const unit = median(costs.get('pool.request') ?? [])
  for (const [name, all] of costs) {
    const us = median(all)
    process.stdout.write(
      `${name.padEnd(30)} ${us.toFixed(1).padStart(7)} us ${(us / unit).toFixed(2).padStart(6)}x\n`,
    )
  }
  await Promise.all([pool.close(), plain.$close(), cached.$close(), coalesced.$close()])
}

function median(all: readonly number[]): number {
  return [...all].sort((a, b) => a - b)[Math.floor(all.length / 2)] ?? 0
}

async function lookAtUndici(): Promise<void> {
  expectSeen('of 3,000 responses undici keeps with maxCount 100', keptOf(3_000), 3_000)
  let requests = 0
  const server = createServer((request, response) => {
    requests++
    response.setHeader('cache-control', 'max-age=1').setHeader('etag', '"1"')
    if (request.headers['if-none-match'] === undefined) response.end('body')
    else response.writeHead(304).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const agent = new Agent().compose(interceptors.cache())
  const ask = async () => (await agent.request({ origin, path: '/', method: 'GET' })).body.text()
  await ask()
  await new Promise((resolve) => setTimeout(resolve, 1_300))
  // Asked whether it is still right, which makes it fresh for a second, by RFC 9111.
  await ask()
  await ask()
  expectSeen(
    'requests for a response, for the 304 that makes it fresh again, and for one more read',
    requests,
    3,
  )
  await agent.close()
  server.closeAllConnections()
  server.close()
}

function keptOf(count: number): number {
  const store = new cacheStores.MemoryCacheStore({ maxCount: 100 })
  const keyOf = (index: number) => ({ origin: 'http://a', method: 'GET', path: `/${index}`, headers: {} })
  const now = Date.now()
  const times = { cachedAt: now, staleAt: now + 60_000, deleteAt: now + 60_000 }
  for (let index = 0; index < count; index++) {
    store
      .createWriteStream(keyOf(index), { statusCode: 200, statusMessage: '', headers: {}, ...times })
      ?.end('body')
  }
  return Array.from({ length: count }, (_, index) => store.get(keyOf(index))).filter(Boolean).length
}
