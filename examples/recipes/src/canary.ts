/**
 * Brings out a new version of a service twice. The first has a bug: its canary is rolled back by itself, and callers
 * hardly notice. The second is mended, takes over step by step, and is left and taken up again without a failed call.
 */
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { createClient, defineContract } from '@holdfast/core'
import { z } from 'zod'

const prices = defineContract('prices', {
  getPrice: {
    method: 'GET',
    path: '/prices/{item}',
    input: z.object({ item: z.string() }),
    output: z.object({ cents: z.number(), version: z.string() }),
  },
})

async function serve(listener: RequestListener) {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { server, baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

const answering = (version: string): RequestListener => {
  return (_request, response) => {
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ cents: 499, version }))
  }
}

let requests = 0
const stable = await serve(answering('v1'))
// One request in four ends in an exception.
const buggy = await serve((request, response) => {
  if (++requests % 4 === 0) response.writeHead(500).end()
  else answering('v2')(request, response)
})
const mended = await serve(answering('v3'))

const client = createClient(prices, {
  versions: {
    v1: { baseUrl: stable.baseUrl },
    v2: { baseUrl: buggy.baseUrl },
    v3: { baseUrl: mended.baseUrl },
  },
  traffic: {
    weights: { v1: 100, v2: 0, v3: 0 },
    // An item stays with a version, and a canary that rises gives none of its items back.
    stickyBy: ({ input }) => (input as { item: string }).item,
  },
})

const rows: object[] = []
const wrong: string[] = []
const claim = (text: string, holds: boolean): void => void (holds || wrong.push(text))

/** Calls for as long as `until` takes, and counts which version answered. */
async function observe<Result>(phase: string, until: Promise<Result>) {
  const answers: Record<string, number> = { v1: 0, v2: 0, v3: 0, failed: 0 }
  let isOver = false
  const over = until.finally(() => {
    isOver = true
  })
  for (let call = 0; !isOver; call++) {
    await Promise.all(
      Array.from({ length: 5 }, async (_, caller) => {
        const result = await client.getPrice.safe({ item: `item-${call}-${caller}` })
        const key = result.ok ? result.data.version : 'failed'
        answers[key] = (answers[key] ?? 0) + 1
      }),
    )
    await sleep(2)
  }
  const result = await over
  rows.push({ phase, ...answers, 'weights after it': JSON.stringify(client.$traffic.weights) })
  return { result, answers }
}

client.$traffic.on('canaryStep', ({ version, percent }) => console.log(`${version} gets ${percent} %`))
// Much shorter than in production, where a step takes minutes. On a loaded machine milliseconds say nothing.
const hurried = { stepMs: 300, intervalMs: 50, minSamples: 30, maxLatencyRatio: false } as const

const first = await observe('v2 as a canary', client.$traffic.startCanary('v2', hurried).ended)
console.log(`v2 was ${first.result.outcome}: ${first.result.detail}`)
claim('the bad canary is rolled back by itself', first.result.outcome === 'rolledBack')
claim('nobody is sent to it any more', client.$traffic.weights.v2 === 0)

const second = await observe('v3 as a canary', client.$traffic.startCanary('v3', hurried).ended)
console.log(`v3 was ${second.result.outcome}: ${second.result.detail}`)
claim('the good canary takes over', second.result.outcome === 'promoted' && second.answers.failed === 0)

async function switchOver(): Promise<void> {
  for (const version of ['v1', 'v3'] as const) {
    client.$traffic.switchTo(version)
    await sleep(200)
  }
}
const third = await observe('to v1 and back to v3', switchOver())
claim('a switch fails no call', third.answers.failed === 0 && Number(third.answers.v1) > 0)

console.table(rows)
await client.$close()
for (const { server } of [stable, buggy, mended]) server.close()
for (const text of wrong) console.error(`this did not hold: ${text}`)
if (wrong.length === 0) console.log('The bad version was out within a step, the good one took over.')
process.exitCode = wrong.length === 0 ? 0 : 1
