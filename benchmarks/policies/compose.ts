/**
 * What the policies cost around an empty async function, beside others that do the same.
 *
 * npm run bench:policies [-- --json FILE]
 */
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { bulkhead, circuitBreaker, compose, retry, timeout } from '@holdfast/core'
import * as cockatiel from 'cockatiel'
import Opossum from 'opossum'
import pRetry from 'p-retry'
import { type Case, measure, measureApart, print } from './measure.js'

const maxUs = 3
const minTimesCheaper = 10

const { values } = parseArgs({ options: { json: { type: 'string' }, case: { type: 'string' } } })
const work = async (): Promise<void> => {}

const holdfast = compose(
  timeout({ timeoutMs: 10_000 }),
  retry({ maxAttempts: 3 }),
  circuitBreaker(),
  bulkhead({ maxConcurrent: 200 }),
)
const fourOfCockatiel = cockatiel.wrap(
  cockatiel.timeout(10_000, cockatiel.TimeoutStrategy.Aggressive),
  cockatiel.retry(cockatiel.handleAll, { maxAttempts: 2, backoff: new cockatiel.ExponentialBackoff() }),
  cockatiel.circuitBreaker(cockatiel.handleAll, {
    halfOpenAfter: 1_000,
    breaker: new cockatiel.SamplingBreaker({ threshold: 0.9, duration: 10_000, minimumRps: 2 }),
  }),
  cockatiel.bulkhead(200, 1_000),
)
const opossum = new Opossum(work, { timeout: 10_000, errorThresholdPercentage: 90, capacity: 200 })

const names = {
  raw: 'the function alone',
  holdfast: 'holdfast: timeout, retry, breaker, bulkhead',
  cockatiel: 'cockatiel: timeout, retry, breaker, bulkhead',
  opossum: 'opossum: fire() with timeout and capacity',
  pRetry: 'p-retry: three attempts',
} as const

const cases: Readonly<Record<string, Case>> = {
  [names.raw]: work,
  [names.holdfast]: () => holdfast.execute(work),
  [names.cockatiel]: () => fourOfCockatiel.execute(work),
  [names.opossum]: () => opossum.fire(),
  [names.pRetry]: () => pRetry(work, { retries: 2 }),
}

if (values.case !== undefined) {
  const results = await measure({ [values.case]: cases[values.case] ?? work }, { rounds: 15, runs: 3_000 })
  process.stdout.write(String(results[values.case]))
  process.exit()
}

const results = measureApart(cases)
opossum.shutdown()
print(results, names.holdfast)

const us = results[names.holdfast] ?? Number.NaN
const timesCheaper = (results[names.cockatiel] ?? Number.NaN) / us
const passed = us <= maxUs && timesCheaper >= minTimesCheaper
console.log(
  `${passed ? 'passed' : 'FAILED'}: ${us.toFixed(2)} us (at most ${maxUs}), ` +
    `${timesCheaper.toFixed(1)}x cheaper than cockatiel's four (at least ${minTimesCheaper}x)`,
)
if (!passed) process.exitCode = 1
if (values.json !== undefined) {
  const rows = Object.entries(results).map(([name, cpuUs]) => ({ name, cpuUs, ratio: cpuUs / us }))
  writeFileSync(values.json, `${JSON.stringify({ cases: rows, passed }, undefined, 2)}\n`)
}
