import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { createClient, defineContract } from '@holdfast/core'
import { z } from 'zod'

const contract = defineContract('things', {
  get: {
    method: 'GET',
    path: '/{kind}/{id}',
    input: z.object({ kind: z.string(), id: z.string() }),
    output: z.object({ id: z.string(), total: z.number() }),
    errors: { 404: z.object({ reason: z.string() }) },
  },
})
const inFlight = 32
/** What the heap may grow by between the first and the last sample, in bytes. */
const allowedGrowth = 2 * 1024 * 1024

const { values } = parseArgs({ options: { calls: { type: 'string', default: '1000000' } } })
const calls = Number(values.calls)

/** One call in twenty fails, in turn in every way there is; the rare ones that take long are rarer still. */
function kindOf(call: number): string {
  if (call % 20_000 === 7) return 'never'
  if (call % 60 === 0) return 'down'
  if (call % 60 === 20) return 'reset'
  return call % 60 === 40 ? 'missing' : 'ok'
}

const server = fork(fileURLToPath(new URL('server.ts', import.meta.url)), { execArgv: ['--import', 'tsx'] })
const [port] = (await once(server, 'message')) as [number]
const client = createClient(contract, { baseUrl: `http://127.0.0.1:${port}`, attemptTimeoutMs: 200 })
const outcomes = new Map<string, number>()
const samples: number[] = []
const sampleEvery = Math.ceil(calls / 10)

async function loop(next: () => number): Promise<void> {
  for (let call = next(); call < calls; call = next()) {
    const signal = call % 1_000 === 3 ? AbortSignal.timeout(1) : undefined
    const result = await client.get.safe({ kind: kindOf(call), id: `${call}` }, { signal })
    const outcome = result.ok ? 'ok' : result.error.code
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
    if (call % sampleEvery === sampleEvery - 1) sample(call + 1)
  }
}

function sample(done: number): void {
  if (globalThis.gc === undefined) throw new Error('run it with --expose-gc, as npm run bench:heap does')
  globalThis.gc()
  const { heapUsed } = process.memoryUsage()
  samples.push(heapUsed)
  console.log(
    `${String(done).padStart(9)} calls  ${(heapUsed / 1024 / 1024).toFixed(2).padStart(7)} MiB of heap`,
  )
}

let call = 0
await Promise.all(Array.from({ length: inFlight }, () => loop(() => call++)))
console.log([...outcomes].map(([outcome, count]) => `${outcome} ${count}`).join(', '))
await client.$close()
server.disconnect()

// The first tenth compiles code and fills pools.
const growth = (samples.at(-1) ?? 0) - (samples[1] ?? 0)
const flat = growth <= allowedGrowth
console.log(`growth after the first fifth: ${(growth / 1024).toFixed(0)} KiB, ${flat ? 'flat' : 'NOT flat'}`)
process.exitCode = flat ? 0 : 1
