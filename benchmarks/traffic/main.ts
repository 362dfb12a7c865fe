/**
 * How often a canary that is no worse is rolled back, and how soon one that is: simulated in virtual time, with what
 * deciding and reporting cost.
 *
 * node --conditions=holdfast-source --import tsx benchmarks/traffic/main.ts [--runs 400]
 */
import { parseArgs } from 'node:util'
import { trafficSplit } from '@holdfast/core'
import { exponential, lognormal } from '@holdfast/core/testing'
import { type SimulatedVersion, simulateCanary } from './simulated-canary.js'

const { values } = parseArgs({ options: { runs: { type: 'string', default: '400' } } })
const runs = Number(values.runs)
const maxFalseRollbacks = 0.02
const maxMicroseconds = 0.3

const usual = { errorRate: 0.001, latency: exponential(30) }
const noisy = { errorRate: 0.05, latency: exponential(30) }
const spread = { errorRate: 0.001, latency: lognormal(30, 1) }

interface Row {
  readonly name: string
  readonly stable: SimulatedVersion
  readonly canary: SimulatedVersion
  readonly isBad: boolean
}

const same = (name: string, version: SimulatedVersion): Row => ({
  name,
  stable: version,
  canary: version,
  isBad: false,
})
const bad = (name: string, change: Partial<SimulatedVersion>, stable: SimulatedVersion = usual): Row => ({
  name,
  stable,
  canary: { ...stable, ...change },
  isBad: true,
})

const rows: readonly Row[] = [
  same('the same, 0.1 % errors', usual),
  same('the same, 5 % errors', noisy),
  same('the same, 30 % errors', { ...usual, errorRate: 0.3 }),
  same('the same, latency p99 10x the median', spread),
  { ...same('0.5 points more errors', usual), canary: { ...usual, errorRate: 0.006 } },
  { ...same('1.2x as slow', usual), canary: { ...usual, latency: exponential(36) } },
  bad('2 points more errors', { errorRate: 0.021 }),
  bad('5 points more errors', { errorRate: 0.051 }),
  bad('20 points more errors', { errorRate: 0.201 }),
  bad('all calls fail', { errorRate: 1 }),
  bad('10 points more than 5 %', { errorRate: 0.15 }, noisy),
  bad('2x as slow', { latency: exponential(60) }),
  bad('4x as slow', { latency: exponential(120) }),
  bad('2x as slow, p99 10x the median', { latency: lognormal(60, 1) }, spread),
]

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`
const median = (all: readonly number[]): number =>
  [...all].sort((a, b) => a - b)[all.length >> 1] ?? Number.NaN

let isWrong = false
for (const callsPerSecond of [20, 200]) {
  console.log(`\n${callsPerSecond} calls a second, steps 5, 50, 100 of 60 s, ${runs} runs each\n`)
  console.log(
    '| canary | rolled back | promoted | seconds until rolled back | its calls until then | of them failed |',
  )
  console.log('|---|---|---|---|---|---|')
  for (const { name, stable, canary, isBad } of rows) {
    const ends = Array.from({ length: runs }, (_, seed) =>
      simulateCanary({ stable, canary, callsPerSecond, seed, maxSeconds: 3_600 }),
    )
    const back = ends.filter(({ outcome }) => outcome === 'rolledBack')
    const promoted = ends.filter(({ outcome }) => outcome === 'promoted').length / runs
    const share = back.length / runs
    isWrong ||= isBad ? share < 0.95 : share > maxFalseRollbacks
    const at = (pick: (end: (typeof ends)[number]) => number) =>
      back.length === 0 ? '' : String(median(back.map(pick)))
    console.log(
      `| ${name} | ${percent(share)} | ${percent(promoted)} | ${at(({ seconds }) => seconds)} | ${at(({ calls }) => calls)} | ${at(({ failed }) => failed)} |`,
    )
  }
}

/** The best of some rounds: the machine has other work. */
function microseconds(run: () => void): number {
  const calls = 200_000
  let least = Number.POSITIVE_INFINITY
  for (let round = 0; round < 10; round++) {
    const startedAt = performance.now()
    for (let call = 0; call < calls; call++) run()
    least = Math.min(least, performance.now() - startedAt)
  }
  return (least / calls) * 1_000
}

const weights = { stable: 90, canary: 10 }
const plain = trafficSplit({ weights })
const sticky = trafficSplit({ weights, stickyBy: ({ key }) => key })
const ruled = trafficSplit({ weights, rules: [{ path: '/v2/*', version: 'canary' }] })
const running = trafficSplit({ weights })
running.startCanary('canary')
const request = { operation: 'getOrder', path: '/orders/42', key: 'customer-4711' }
const costs = [
  ['by weight', () => plain.report(plain.choose(), { ok: true, tookMs: 12 })],
  ['by key', () => sticky.report(sticky.choose(request), { ok: true, tookMs: 12 })],
  ['by key, with a rule', () => ruled.report(ruled.choose(request), { ok: true, tookMs: 12 })],
  ['with a canary on its way', () => running.report(running.choose(), { ok: true, tookMs: 12 })],
] as const
console.log('\n| choose and report | us |\n|---|---|')
for (const [name, run] of costs) {
  const us = microseconds(run)
  isWrong ||= us > maxMicroseconds
  console.log(`| ${name} | ${us.toFixed(3)} |`)
}
running.close()
if (isWrong) process.exitCode = 1
