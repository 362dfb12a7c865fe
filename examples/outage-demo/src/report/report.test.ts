import { describe, expect, it } from 'vitest'
import { type Phase, planPhases } from '../experiment/phases.js'
import type { ArmRecord, SettledCall } from '../experiment/record.js'
import type { Outcome } from '../load/traffic.js'
import { judge } from './claims.js'
import { showMs, showShare } from './format.js'
import { percentile } from './percentile.js'
import { Progress } from './progress.js'
import { renderClaims, renderReport, toJson } from './report.js'
import { summarizePhase } from './summarize.js'
import { renderTable } from './table.js'
import { timeToRecover } from './time-to-recover.js'

const phases = planPhases({ healthy: 10_000, errors: 10_000, blackHole: 10_000, recovery: 10_000 })
const [healthy, errors, blackHole, recovery] = phases as [Phase, Phase, Phase, Phase]

/** Calls every 100 ms, whose outcome and latency depend on when they begin. */
function calls(outcomeAt: (startMs: number) => [Outcome, number]): SettledCall[] {
  return Array.from({ length: 400 }, (_, index) => {
    const startMs = index * 100
    const [outcome, latencyMs] = outcomeAt(startMs)
    return { kind: 'checkout', startMs, endMs: startMs + latencyMs, outcome }
  })
}

function arm(name: string, settled: SettledCall[], requests: number): ArmRecord {
  const transitions =
    name === 'Holdfast' ? [{ dependency: 'payments', state: 'open' as const, atMs: 22_000 }] : []
  const requestsByPhase = Object.fromEntries(phases.map((phase) => [phase.name, requests]))
  return { name, calls: settled, requests: requestsByPhase, transitions, maxLateMs: 3 }
}

const failing =
  (failureMs: number, wellAgainMs: number) =>
  (startMs: number): [Outcome, number] => {
    const fails = startMs >= errors.fromMs && startMs < wellAgainMs
    return fails ? ['failure', failureMs] : ['answer', 50]
  }

const plain = arm('plain fetch', calls(failing(3_000, 40_000)), 300)
const holdfast = arm('Holdfast', calls(failing(2, 32_000)), 105)
const good = { phases, arms: [plain, holdfast] }

describe('the figures', () => {
  it('take percentiles by nearest rank', () => {
    const values = Array.from({ length: 100 }, (_, index) => 100 - index)
    expect([0, 0.5, 0.99, 1].map((share) => percentile(values, share))).toEqual([1, 50, 99, 100])
    expect(percentile([], 0.5)).toBeUndefined()
  })

  it('count what began in a phase, and no fallback as an answer', () => {
    const settled: SettledCall[] = [
      { kind: 'checkout', startMs: 9_999, endMs: 10_100, outcome: 'answer' },
      { kind: 'checkout', startMs: 10_000, endMs: 10_100, outcome: 'failure' },
      { kind: 'listMethods', startMs: 10_001, endMs: 10_002, outcome: 'fallback' },
      { kind: 'readOrder', startMs: 10_002, endMs: 10_003, outcome: 'answer' },
      { kind: 'readOrder', startMs: 10_003, endMs: 10_004, outcome: 'failure' },
    ]
    expect(summarizePhase(arm('a', settled, 3), errors)).toEqual({
      arm: 'a',
      phase: '50 % errors',
      calls: 2,
      answers: 0,
      fallbacks: 1,
      answerMs: { p50: undefined, p99: undefined },
      failureMs: { p50: 100, p99: 100 },
      requestsPerCall: 1.5,
      otherRoutes: 0.5,
    })
  })

  it('find the time to recover', () => {
    expect(timeToRecover(plain, recovery)).toBeUndefined()
    expect(timeToRecover(holdfast, recovery)).toBe(2_000)
    expect(timeToRecover(holdfast, healthy)).toBe(0)
    const tooLate = arm('a', calls(failing(2, 38_000)), 0)
    expect(timeToRecover(tooLate, recovery)).toBeUndefined()
    expect(timeToRecover(arm('a', [], 0), recovery)).toBeUndefined()
  })

  it('are shown in units that suit them', () => {
    expect([undefined, 0.44, 9.96, 999, 1_234, 12_345].map(showMs)).toEqual([
      '-',
      '0.4 ms',
      '10 ms',
      '999 ms',
      '1.2 s',
      '12 s',
    ])
    expect([0, 0.5, 0.9999, 1].map(showShare)).toEqual(['0.0 %', '50.0 %', '99.9 %', '100.0 %'])
  })
})

describe('the claims', () => {
  it('hold for what they were made for', () => {
    expect(judge(good).map(({ holds }) => holds)).toEqual([true, true, true, true, true])
  })

  it('fail one by one', () => {
    const better = arm('plain fetch', calls(failing(3_000, 1)), 100)
    const greedy = arm('Holdfast', calls(failing(2, 32_000)), 121)
    const slow = arm('Holdfast', calls(failing(301, 32_000)), 105)
    const lost = arm('Holdfast', calls(failing(2, 40_000)), 105)
    const down: SettledCall[] = [{ kind: 'readOrder', startMs: 25_000, endMs: 25_001, outcome: 'failure' }]
    const harmed = { ...holdfast, calls: [...holdfast.calls, ...down] }
    const broken = (one: ArmRecord, other: ArmRecord) =>
      judge({ phases, arms: [one, other] }).map(({ holds }) => holds)
    expect(broken(better, holdfast)[0]).toBe(false)
    expect(broken(plain, greedy)).toEqual([true, false, true, true, true])
    expect(broken(plain, slow)).toEqual([true, true, false, true, true])
    expect(broken(plain, harmed)).toEqual([true, true, true, false, true])
    expect(broken(plain, lost)).toEqual([true, true, true, true, false])
  })
})

describe('the report', () => {
  it('lines up its columns', () => {
    const columns = [{ heading: ['', 'name'], words: true } as const, { heading: ['how', 'many'] } as const]
    expect(renderTable(columns, [['a', '1'], ['group'], ['b', '1000']])).toBe(
      ['        how', 'name   many', '-----------', 'a         1', 'group', 'b      1000'].join('\n'),
    )
  })

  it('shows every phase and side, and fits a terminal', () => {
    const text = renderReport(good)
    for (const { title } of phases) expect(text).toContain(`\n${title}\n`)
    expect(text).toContain('22.0 s  black hole + 2.0 s')
    expect(text).toMatch(/plain fetch +never\n +Holdfast +2\.0 s/)
    expect(Math.max(...text.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(110)
    expect(renderClaims(judge(good))).not.toContain('NO')
  })

  it('has a form for machines', () => {
    const { arms } = JSON.parse(JSON.stringify(toJson(good, 1)))
    expect(arms[0]).toMatchObject({ name: 'plain fetch', recoveryMs: null })
    expect(arms[1]).toMatchObject({ recoveryMs: 2_000, transitions: [{ state: 'open' }] })
    expect(arms[1].phases).toHaveLength(phases.length)
  })
})

describe('progress', () => {
  const arms = [holdfast]

  function shown(isTTY: boolean, times: readonly number[]): string {
    let text = ''
    const progress = new Progress({ isTTY, write: (chunk) => (text += chunk) }, phases)
    for (const nowMs of times) progress.show(nowMs, arms)
    progress.end()
    return text
  }

  it('rewrites one line of a terminal', () => {
    const text = shown(true, [0, 100, 300, 600])
    expect(text.split('\n')).toHaveLength(3)
    expect(text).toContain('\r\u001b[2K  0.6 s  Holdfast')
  })

  it('adds lines now and then elsewhere, and announces phases', () => {
    const text = shown(false, [0, 2_400, 2_600, 2_700, 10_010, blackHole.fromMs, recovery.toMs])
    expect(text).not.toContain('\r')
    expect(text.split('\n').filter((line) => line.includes('Holdfast'))).toHaveLength(1)
    expect(text).toContain('10.0 s  payments: 50 % errors, for 10.0 s')
  })
})
