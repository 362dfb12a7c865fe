/**
 * Puts a client in front of a service without letting it refuse anything, shows what it would have refused while the
 * service is down, and then switches it on, in the same outage and with all that it has learnt.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { createClient, defineContract } from '@holdfast/core'

const inventory = defineContract('inventory', { list: { method: 'GET', path: '/stock' } })

let isDown = false
let reached = 0
const server = createServer((_request, response) => {
  reached++
  response.writeHead(isDown ? 503 : 200, { 'content-type': 'application/json' }).end('[]')
})
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
const { port } = server.address() as AddressInfo

const client = createClient(inventory, {
  baseUrl: `http://127.0.0.1:${port}`,
  retry: false,
  circuitBreaker: { minimumCalls: 20, outageMs: 150, openMs: 300, maxOpenMs: 600 },
  shadow: true,
})
let wouldRefuse = 0
client.$on('shadowReject', () => void wouldRefuse++)

const rows: object[] = []

/** Makes a hundred calls, some milliseconds apart, and counts what became of them. */
async function observe(phase: string) {
  const before = { reached, wouldRefuse }
  const outcomes = new Map<string, number>()
  for (let call = 0; call < 100; call++) {
    const result = await client.list.safe()
    const outcome = result.ok ? 'answered' : result.error.code
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
    await sleep(4)
  }
  const row = {
    phase,
    answered: outcomes.get('answered') ?? 0,
    failed: outcomes.get('HTTP_STATUS') ?? 0,
    refused: outcomes.get('CIRCUIT_OPEN') ?? 0,
    'would refuse': wouldRefuse - before.wouldRefuse,
    'reached the service': reached - before.reached,
    breaker: client.$stats().endpoints[0]?.circuitBreaker?.state,
  }
  rows.push(row)
  return row
}

const wrong: string[] = []
const claim = (text: string, holds: boolean): void => void (holds || wrong.push(text))

const well = await observe('in shadow, service well')
claim('a healthy service shows nothing to refuse', well.answered === 100 && well['would refuse'] === 0)

isDown = true
const down = await observe('in shadow, service down')
claim('nothing is refused in shadow', down.refused === 0 && down['reached the service'] === 100)
claim('what would have been refused is reported', down['would refuse'] > 10)

client.$update({ shadow: false })
const enforced = await observe('switched on, still down')
claim('the breaker goes on from where it was', enforced.refused > 80 && enforced['would refuse'] === 0)

isDown = false
const isClosed = (): boolean => client.$stats().endpoints[0]?.circuitBreaker?.state === 'closed'
for (let tries = 0; tries < 60 && !isClosed(); tries++) {
  await client.list.safe()
  await sleep(50)
}
const back = await observe('switched on, well again')
claim('all calls are answered once the service is back', back.answered === 100)

console.table(rows)
await client.$close()
server.close()
for (const text of wrong) console.error(`not so: ${text}`)
if (wrong.length > 0) process.exitCode = 1
