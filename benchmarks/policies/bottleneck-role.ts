/**
 * Why Holdfast takes only the counter of bottleneck, and only for quotas: what a job costs, and what its own windows
 * make of a clock that jumps. Fails when bottleneck behaves differently from what the decision record says.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { bulkhead, rateLimit } from '@holdfast/core'
import Bottleneck from 'bottleneck'
import { expectSeen } from './measure.js'

const work = async (): Promise<void> => {}
const concurrency = 50
const measureMs = 1_500
const plenty = 1_000_000

interface Result {
  readonly callsPerSecond: number
  readonly cpuUs: number
}

/** Keeps `concurrency` calls going for a while. */
async function run(call: () => Promise<unknown>): Promise<Result> {
  await call()
  let calls = 0
  const cpu = process.cpuUsage()
  const startedAt = performance.now()
  const endsAt = startedAt + measureMs
  const worker = async (): Promise<void> => {
    while (performance.now() < endsAt) {
      await call()
      calls++
      // Without a pause now and then a call that waits for nothing would never let a timer fire.
      if (calls % 1_000 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
  }
  await Promise.all(Array.from({ length: concurrency }, worker))
  const { user, system } = process.cpuUsage(cpu)
  const seconds = (performance.now() - startedAt) / 1_000
  return { callsPerSecond: calls / seconds, cpuUs: (user + system) / calls }
}

function print(title: string, ours: Result, theirs: Result): void {
  console.log(`\n${title.padEnd(34)}  calls/s   CPU us a call`)
  const line = (name: string, { callsPerSecond, cpuUs }: Result) =>
    console.log(
      `${name.padEnd(34)}  ${callsPerSecond.toFixed(0).padStart(7)}  ${cpuUs.toFixed(2).padStart(14)}`,
    )
  line('holdfast', ours)
  line('bottleneck, a job a call', theirs)
  const speed = (ours.callsPerSecond / theirs.callsPerSecond).toFixed(0)
  console.log(`holdfast: ${speed}x the calls, ${(theirs.cpuUs / ours.cpuUs).toFixed(0)}x less CPU`)
}

const permits = bulkhead({ maxConcurrent: concurrency })
const jobs = new Bottleneck({ maxConcurrent: concurrency })
print('as a bulkhead of 50', await run(() => permits.execute(work)), await run(() => jobs.schedule(work)))

const quota = rateLimit({ limit: plenty, intervalMs: 1_000 })
const reservoir = new Bottleneck({
  reservoir: plenty,
  reservoirRefreshAmount: plenty,
  reservoirRefreshInterval: 1_000,
})
print(
  'as a quota of a million a second',
  await run(() => quota.execute(work)),
  await run(() => reservoir.schedule(work)),
)
quota.close()
await reservoir.disconnect()

const tight = rateLimit({ limit: 2_000, intervalMs: 100 })
const { callsPerSecond } = await run(() => tight.execute(work))
console.log(`\nholdfast, a quota of 20000 a second: ${callsPerSecond.toFixed(0)} calls/s`)
tight.close()

console.log('\nwhat a jump of the clock does to a quota of 5 in 500 ms, of which 20 are wanted')
const realNow = Date.now
/** How many calls have begun after `ms` milliseconds, when the clock jumps after the first 100. */
async function begunIn(jumpMs: number, ms: number, call: () => Promise<unknown>): Promise<number> {
  let begun = 0
  for (let index = 0; index < 20; index++) {
    call().then(
      () => begun++,
      () => {},
    )
  }
  await sleep(100)
  Date.now = () => realNow() + jumpMs
  await sleep(ms - 100)
  Date.now = realNow
  return begun
}

const hourMs = 3_600_000
const windows = { limit: 5, intervalMs: 500 }
for (const [jump, jumpMs, ms, right, wrong] of [
  ['forward, in one window', hourMs, 400, 5, 10],
  ['back, in three windows', -hourMs, 1_400, 15, 5],
] as const) {
  const ours = rateLimit(windows)
  const seen = await begunIn(jumpMs, ms, () => ours.execute(async () => {}))
  expectSeen(`holdfast, an hour ${jump}`, seen, right)
  ours.close()
  const theirs = new Bottleneck({
    reservoir: windows.limit,
    reservoirRefreshAmount: windows.limit,
    reservoirRefreshInterval: windows.intervalMs,
  })
  expectSeen(`bottleneck, an hour ${jump}`, await begunIn(jumpMs, ms, () => theirs.schedule(work)), wrong)
  await theirs.stop({ dropWaitingJobs: true }).catch(() => {})
  await theirs.disconnect()
}
