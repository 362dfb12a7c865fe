/**
 * Injects faults into the clients of a service that is well, and shows what they make of them: nothing while chaos is
 * off, retries while a few attempts fail, breaker and fallback while none gets through, and the recovery.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Chaos, type ChaosAttempt, chaos, createClient, defineContract } from '@holdfast/core'
import { z } from 'zod'

const inventory = defineContract('inventory', {
  getStock: {
    method: 'GET',
    path: '/stock/{item}',
    input: z.object({ item: z.string() }),
    output: z.object({ count: z.number() }),
  },
})

let served = 0
const server = createServer((_request, response) => {
  served++
  response.setHeader('content-type', 'application/json').end('{"count":7}')
})
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
const { port } = server.address() as AddressInfo

const events = { chaos: 0, retry: 0, open: 0, close: 0 }

function openClient(faults: Chaos<ChaosAttempt>) {
  const client = createClient(inventory, {
    baseUrl: `http://127.0.0.1:${port}`,
    chaos: faults,
    circuitBreaker: { openMs: 200, maxOpenMs: 400 },
    fallback: () => ({ count: 0 }),
  })
  for (const name of ['chaos', 'retry', 'open', 'close'] as const) client.$on(name, () => void events[name]++)
  return client
}

type Inventory = ReturnType<typeof openClient>

/** Makes a hundred calls, one after the other, and counts what became of them. */
async function observe(phase: string, client: Inventory) {
  const before = { ...events, served }
  let answered = 0
  let fallbacks = 0
  for (let call = 0; call < 100; call++) {
    const result = await client.getStock.safe({ item: `item-${call}` })
    if (result.ok && result.fromFallback) fallbacks++
    else if (result.ok) answered++
  }
  const row = {
    phase,
    answered,
    fallbacks,
    injected: events.chaos - before.chaos,
    retries: events.retry - before.retry,
    'breaker opened': events.open - before.open,
    'reached the server': served - before.served,
  }
  rows.push(row)
  return row
}

const rows: object[] = []
const wrong: string[] = []
const claim = (text: string, holds: boolean): void => void (holds || wrong.push(text))

// One attempt in five is late, and half of those fail. The same attempts in every run, because of the seed.
const flaky = chaos<ChaosAttempt>({
  rate: 0.2,
  latency: { minMs: 5, maxMs: 20 },
  errors: ['reset', 503],
  errorRatio: 0.5,
  seed: 7,
})
const shop = openClient(flaky)
const calm = await observe('chaos is off', shop)
claim('chaos that is off injects nothing', calm.answered === 100 && calm.injected === 0)

flaky.enable()
const shaken = await observe('one attempt in five', shop)
claim('retries make up for the attempts that failed', shaken.answered === 100 && shaken.retries > 0)

// As if the service had gone: `when` is told the operation, the method, the path and which attempt it is.
const gone = chaos({ errors: 'connection', when: ({ operation }: ChaosAttempt) => operation === 'getStock' })
const outlet = openClient(gone)
gone.enable()
const down = await observe('no connection', outlet)
claim('the fallback answers while nothing gets through', down.fallbacks === 100)
claim('the breaker opens, so that few attempts are made', events.open > 0 && down.injected < 50)

gone.disable()
// The breaker lets a probe through when its time is up, which is at most 800 ms from now.
while (outlet.$stats().endpoints[0]?.circuitBreaker?.state !== 'closed') {
  await outlet.getStock({ item: 'probe' })
  await sleep(20)
}
const recovered = await observe('chaos is off again', outlet)
claim('the client recovers by itself', recovered.answered === 100 && events.close > 0)

console.table(rows)
await Promise.all([shop.$close(), outlet.$close()])
server.close()
for (const text of wrong) console.error(`this did not hold: ${text}`)
if (wrong.length === 0)
  console.log('Retries, breaker and fallback did their work, and the service noticed nothing.')
process.exitCode = wrong.length === 0 ? 0 : 1
