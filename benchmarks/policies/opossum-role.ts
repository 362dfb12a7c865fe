/**
 * Why Holdfast drives opossum from outside instead of calling its `fire()`: what either costs, and what `fire()`
 * makes of four situations. Fails when opossum behaves differently from what the decision record says.
 */
import { EventEmitter } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { AbortedError, circuitBreaker } from '@holdfast/core'
import Opossum from 'opossum'
import { expectSeen, measure, print } from './measure.js'

const failure = new Error('down')
const well = async (): Promise<void> => {}
const down = (): Promise<never> => Promise.reject(failure)
const ignore = (): void => {}

/** Both may fail for ever without opening. */
const never = { timeout: false, volumeThreshold: 1e9, enableSnapshots: false } as const
const percentiles = new Opossum((fails: boolean) => (fails ? down() : well()), never)
const lean = new Opossum((fails: boolean) => (fails ? down() : well()), {
  ...never,
  rollingPercentilesEnabled: false,
  rotateBucketController: new EventEmitter(),
})
const passive = circuitBreaker({ minimumCalls: 1e9 })

const successes = await measure({
  'success, the function alone': () => well(),
  'success, driven passively': () => passive.execute(well),
  'success, fire()': () => percentiles.fire(false),
})
print(successes, 'success, driven passively')
// opossum sums and sorts its window at each failure, so few are made: the more, the slower.
const failures = await measure(
  {
    'failure, the function alone': () => down().catch(ignore),
    'failure, driven passively': () => passive.execute(down).catch(ignore),
    'failure, fire() without percentiles': () => lean.fire(true).catch(ignore),
  },
  { rounds: 10, runs: 1_000 },
)
print(failures, 'failure, driven passively')
percentiles.shutdown()

/** An opossum breaker that is half open, and what its next call does. */
async function halfOpenOpossum(options: Opossum.Options) {
  const next = { call: down as () => Promise<unknown> }
  const breaker = new Opossum(() => next.call(), { timeout: false, resetTimeout: 5, ...options })
  await breaker.fire().catch(ignore)
  await sleep(20)
  if (!breaker.halfOpen) throw new Error('opossum is not half open')
  return { breaker, next }
}

/** The same of Holdfast. */
async function halfOpenHoldfast() {
  const breaker = circuitBreaker({ minimumCalls: 1, openMs: 1, probeTimeoutMs: 10 })
  await breaker.execute(down).catch(ignore)
  await sleep(20)
  if (breaker.state !== 'halfOpen') throw new Error('the breaker is not half open')
  return breaker
}

console.log('\na probe that the caller cancels says nothing about the dependency')
const filtered = await halfOpenOpossum({ errorFilter: (error) => error instanceof AbortedError })
filtered.next.call = () => Promise.reject(new AbortedError())
await filtered.breaker.fire().catch(ignore)
expectSeen('fire() with errorFilter closes the circuit', filtered.breaker.closed, true)
filtered.breaker.shutdown()
const cancelled = await halfOpenHoldfast()
await cancelled.execute(() => Promise.reject(new AbortedError())).catch(ignore)
expectSeen('driven passively it is', cancelled.state, 'halfOpen')
await cancelled.execute(well)
expectSeen('and after the next probe', cancelled.state, 'closed')

console.log('\na probe that never settles')
const stuck = await halfOpenOpossum({})
stuck.next.call = () => new Promise(ignore)
void stuck.breaker.fire()
await sleep(30)
stuck.next.call = well
const refused = await stuck.breaker.fire().then(
  () => false,
  () => true,
)
expectSeen('fire() refuses every later call', refused && stuck.breaker.halfOpen, true)
stuck.breaker.shutdown()
const abandoned = await halfOpenHoldfast()
void abandoned.execute(() => new Promise(ignore))
await sleep(30)
await abandoned.execute(well)
expectSeen('driven passively another probe is let through', abandoned.state, 'closed')

console.log('\nfailures from before an outage, once it is over')
const closed = await halfOpenOpossum({})
closed.next.call = well
await closed.breaker.fire()
expectSeen('fire() still counts', closed.breaker.closed && closed.breaker.stats.failures, 1)
closed.breaker.shutdown()
const forgetful = await halfOpenHoldfast()
await forgetful.execute(well)
expectSeen('driven passively there are', forgetful.counts.failures, 0)

console.log('\na black hole: 800 calls wait when the first of them times out')
const inFlight = 800

/** How many of the waiting calls fail before `isOpen`. */
async function failuresUntil(isOpen: () => boolean, call: (work: () => Promise<never>) => Promise<unknown>) {
  const rejects: ((error: Error) => void)[] = []
  for (let n = 0; n < inFlight; n++) {
    void call(() => new Promise<never>((_, reject) => rejects.push(reject))).catch(ignore)
  }
  let failed = 0
  for (const reject of rejects) {
    if (isOpen()) break
    reject(failure)
    failed++
    await new Promise(setImmediate)
  }
  return failed
}

const hole = new Opossum((work: () => Promise<never>) => work(), {
  timeout: false,
  errorThresholdPercentage: 89.99,
  volumeThreshold: 20,
})
const counted = await failuresUntil(
  () => hole.opened,
  (work) => hole.fire(work),
)
hole.shutdown()
expectSeen('failures until fire() opens', counted, inFlight * 0.9)
const settled = circuitBreaker()
const countedPassively = await failuresUntil(
  () => settled.state === 'open',
  (work) => settled.execute(work),
)
expectSeen('failures until it opens, driven passively', countedPassively, 20)
for (const breaker of [passive, cancelled, abandoned, forgetful, settled]) breaker.shutdown()
