/**
 * Caches the answers of a service and shares requests, then breaks the service: a hundred readers at once are one
 * request, a second later none, and while the service is down the last answer stands in, marked as stale.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { createClient, defineContract } from '@holdfast/core'
import { z } from 'zod'

const prices = defineContract('prices', {
  getPrice: {
    method: 'GET',
    path: '/prices/{sku}',
    input: z.object({ sku: z.string() }),
    output: z.object({ cents: z.number() }),
  },
})

let requests = 0
let isDown = false
const server = createServer((request, response) => {
  if (isDown) return void request.socket.destroy()
  requests++
  response.setHeader('cache-control', 'max-age=1, stale-if-error=60')
  response.setHeader('content-type', 'application/json').end('{"cents":1999}')
})
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
const { port } = server.address() as AddressInfo

const client = createClient(prices, {
  baseUrl: `http://127.0.0.1:${port}`,
  cache: true,
  coalesce: true,
})

/** A hundred readers at once: how they were answered, and what that cost the service. */
async function read(phase: string) {
  const before = requests
  const results = await Promise.all(Array.from({ length: 100 }, () => client.getPrice.safe({ sku: 'lamp' })))
  const count = (cache: string) => results.filter((result) => result.ok && result.cache === cache).length
  const row = {
    phase,
    miss: count('miss'),
    hit: count('hit'),
    stale: count('stale'),
    failed: results.filter((result) => !result.ok).length,
    requests: requests - before,
    circuit: client.$stats().endpoints[0]?.circuitBreaker?.state,
  }
  return row
}

const cold = await read('nothing known yet')
const warm = await read('fresh')
await sleep(1_500)
isDown = true
server.closeAllConnections()
const broken = await read('stale, and the service is down')
for (const breaker of client.$circuitBreakers()) breaker.isolate()
const open = await read('the circuit is open')
for (const breaker of client.$circuitBreakers()) breaker.reset()
isDown = false
const back = await read('the service is back')
console.table([cold, warm, broken, open, back])

const holds =
  cold.requests === 1 &&
  warm.hit === 100 &&
  warm.requests === 0 &&
  broken.stale === 100 &&
  open.stale === 100 &&
  back.failed === 0 &&
  back.requests === 1
if (!holds) {
  console.error('It was not as it should be.')
  process.exitCode = 1
}

await client.$close()
server.close()
