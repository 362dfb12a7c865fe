import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { seededRandom } from '../../policies/index.js'
import type { CanaryOptions } from './canary-options.js'
import type { TrafficEvents } from './traffic-events.js'
import { trafficSplit } from './traffic-split.js'
import type { TrafficSplit } from './traffic-split-interface.js'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

type Names = 'stable' | 'canary'

/** How calls to a version go. */
interface Behaviour {
  readonly errorRate?: number
  readonly latencyMs?: number
}

const well: Behaviour = { errorRate: 0, latencyMs: 20 }

function open(weights = { stable: 100, canary: 0 }) {
  const split = trafficSplit({ weights, random: seededRandom(7) })
  const log: string[] = []
  const last: Partial<TrafficEvents> = {}
  split.on('canaryStep', (event) => log.push(`step ${event.step}: ${event.percent} %`))
  for (const name of ['canaryPromoted', 'canaryRolledBack', 'canaryStopped'] as const) {
    split.on(name, (event) => {
      log.push(`${name} at ${event.percent} %`)
      last[name] = event
    })
  }
  return { split, log, last }
}

/** A hundred calls a second, for so many seconds. */
function run(
  split: TrafficSplit<Names>,
  seconds: number,
  versions: Partial<Record<Names, Behaviour>> = {},
): void {
  const owed = { stable: 0, canary: 0 }
  for (let tenth = 0; tenth < seconds * 10; tenth++) {
    for (let call = 0; call < 10; call++) {
      const version = split.choose()
      const { errorRate = 0, latencyMs = 20 } = versions[version] ?? well
      owed[version] += errorRate
      const ok = owed[version] < 1
      if (!ok) owed[version]--
      split.report(version, { ok, tookMs: latencyMs })
    }
    vi.advanceTimersByTime(100)
  }
}

describe('a canary', () => {
  it('takes over step by step when it is no worse', async () => {
    const { split, log } = open()
    const { ended, baseline } = split.startCanary('canary')
    expect([baseline, split.weights]).toEqual(['stable', { stable: 95, canary: 5 }])
    run(split, 61)
    expect(split.weights).toEqual({ stable: 50, canary: 50 })
    expect(split.stats().canary).toMatchObject({ step: 2, percent: 50, verdict: 'few', elapsedMs: 1_000 })
    run(split, 120)
    expect(log).toEqual(['step 1: 5 %', 'step 2: 50 %', 'step 3: 100 %', 'canaryPromoted at 100 %'])
    expect(split.weights).toEqual({ stable: 0, canary: 100 })
    expect(split.stats().canary).toBeUndefined()
    expect(await ended).toMatchObject({ outcome: 'promoted', reason: undefined, version: 'canary' })
    expect(vi.getTimerCount()).toBe(0)
  })

  it('is rolled back by itself when it fails more', async () => {
    const { split, log, last } = open()
    const { ended } = split.startCanary('canary')
    run(split, 20, { canary: { errorRate: 0.5 } })
    expect(log).toEqual(['step 1: 5 %', 'canaryRolledBack at 5 %'])
    expect(split.weights).toEqual({ stable: 100, canary: 0 })
    expect(last.canaryRolledBack).toMatchObject({
      split: 'traffic',
      reason: 'error rate',
      baseline: 'stable',
    })
    expect(last.canaryRolledBack?.detail).toMatch(
      /^\d+(\.\d)? % of its calls failed, 0 % of those to 'stable', in \d+ calls/,
    )
    expect(last.canaryRolledBack?.ofBaseline).toMatchObject({ failed: 0, errorRate: 0 })
    expect(await ended).toMatchObject({ outcome: 'rolledBack' })
    expect(vi.getTimerCount()).toBe(0)
  })

  it('is rolled back by itself when it is slower', () => {
    const { split, log, last } = open()
    split.startCanary('canary')
    run(split, 60, { canary: { latencyMs: 80 } })
    expect(log).toEqual(['step 1: 5 %', 'canaryRolledBack at 5 %'])
    expect(last.canaryRolledBack?.detail).toMatch(/^its p95 is 8\d(\.\d)? ms, that of 'stable' 2\d(\.\d)? ms/)
  })

  it('is rolled back at a later step, too, and with all of the calls', () => {
    for (const goodSeconds of [61, 121]) {
      const { split, log } = open()
      split.startCanary('canary')
      run(split, goodSeconds)
      run(split, 10, { canary: { errorRate: 0.3 } })
      expect(log.at(-1)).toBe(goodSeconds === 61 ? 'canaryRolledBack at 50 %' : 'canaryRolledBack at 100 %')
      expect(split.choose()).toBe('stable')
    }
  })

  it('that goes bad late in a long step is not saved by its past', () => {
    const { split, log } = open()
    split.startCanary('canary', { steps: [50, 100], stepMs: 3_600_000 })
    run(split, 600)
    run(split, 20, { canary: { errorRate: 0.2 } })
    expect(log.at(-1)).toBe('canaryRolledBack at 50 %')
  })

  it('is not blamed for what its baseline suffers from as well', () => {
    const { split, log } = open()
    split.startCanary('canary', { steps: [20, 100], stepMs: 60_000 })
    const both = { errorRate: 0.4, latencyMs: 500 }
    run(split, 50, { stable: both, canary: both })
    expect(log).toEqual(['step 1: 20 %'])
  })

  it('waits as long as there are too few calls', () => {
    const { split, log } = open()
    split.startCanary('canary')
    vi.advanceTimersByTime(3_600_000)
    expect(log).toEqual(['step 1: 5 %'])
    expect(split.stats().canary).toMatchObject({ verdict: 'few', elapsedMs: 3_600_000 })
    run(split, 40)
    expect(log).toHaveLength(2)
  })

  it('that looks worse does not go on, and is rolled back once that is clear', () => {
    const { split, log } = open()
    split.startCanary('canary')
    run(split, 90, { canary: { errorRate: 0.02 } })
    expect(split.stats().canary).toMatchObject({ verdict: 'worse', step: 1 })
    run(split, 400, { canary: { errorRate: 0.05 } })
    expect(log).toEqual(['step 1: 5 %', 'canaryRolledBack at 5 %'])
  })

  it('is given time to warm up, but not to fail', () => {
    const options: CanaryOptions<Names> = { warmUpMs: 20_000 }
    const slow = open()
    slow.split.startCanary('canary', options)
    run(slow.split, 20, { canary: { latencyMs: 500 } })
    run(slow.split, 45)
    expect(slow.log).toEqual(['step 1: 5 %', 'step 2: 50 %'])
    const failing = open()
    failing.split.startCanary('canary', options)
    run(failing.split, 10, { canary: { errorRate: 1 } })
    expect(failing.log.at(-1)).toBe('canaryRolledBack at 5 %')
  })

  it('leaves the others their proportions', () => {
    const split = trafficSplit({ weights: { a: 30, b: 10, canary: 10 } })
    const run = split.startCanary('canary', { steps: [20, 100] })
    expect(run.baseline).toBe('a')
    expect(split.weights).toEqual({ a: 60, b: 20, canary: 20 })
    split.rollback()
    expect(split.weights).toEqual({ a: 30, b: 10, canary: 0 })
  })

  it('is not judged by what a rule sends it', () => {
    const rules = [{ path: '/reports/*', version: 'canary' } as const]
    const split = trafficSplit({ weights: { stable: 100, canary: 0 }, rules })
    split.startCanary('canary')
    for (let call = 0; call < 200; call++) {
      split.report(split.decide({ path: '/reports/1' }), { ok: false, tookMs: 5_000 })
      split.report('stable', { ok: true, tookMs: 5 })
    }
    vi.advanceTimersByTime(2_000)
    expect(split.stats().canary).toMatchObject({ ofVersion: { calls: 0 }, ofBaseline: { calls: 200 } })
    expect(split.stats().versions.canary.failed).toBe(200)
    split.close()
  })

  it('is rolled back by hand, with the reason', async () => {
    const { split, last } = open()
    const { ended } = split.startCanary('canary')
    expect(split.rollback('the pager rang')).toBe(true)
    expect(last.canaryRolledBack).toMatchObject({ reason: 'by hand', detail: 'the pager rang' })
    expect(split.weights).toEqual({ stable: 100, canary: 0 })
    expect(split.rollback()).toBe(false)
    await expect(ended).resolves.toMatchObject({ outcome: 'rolledBack' })
  })

  it('is stopped by weights that are set by hand, which a rollback undoes to what was before it', () => {
    const { split, log, last } = open({ stable: 100, canary: 0 })
    split.startCanary('canary')
    split.switchTo('canary')
    expect(log).toEqual(['step 1: 5 %', 'canaryStopped at 5 %'])
    expect(last.canaryStopped?.detail).toBe('switchTo() was called')
    expect(split.weights).toEqual({ stable: 0, canary: 100 })
    split.rollback()
    expect(split.weights).toEqual({ stable: 100, canary: 0 })
  })

  it('that was promoted can still be taken back', () => {
    const { split } = open()
    split.startCanary('canary', { stepMs: 10_000, minSamples: 20 })
    run(split, 31)
    expect(split.weights).toEqual({ stable: 0, canary: 100 })
    split.rollback()
    expect(split.weights).toEqual({ stable: 100, canary: 0 })
  })

  it('ends with the split', async () => {
    const { split, log } = open()
    const { ended } = split.startCanary('canary')
    split.close()
    split.close()
    expect(log.at(-1)).toBe('canaryStopped at 5 %')
    expect((await ended).outcome).toBe('stopped')
    expect(vi.getTimerCount()).toBe(0)
    expect(split.choose()).toBeDefined()
  })

  it('can be followed by another one from its own end', () => {
    const { split, log } = open()
    split.on('canaryRolledBack', () => {
      if (log.length < 4) split.startCanary('canary')
    })
    split.startCanary('canary')
    split.rollback()
    expect(log).toEqual(['step 1: 5 %', 'canaryRolledBack at 5 %', 'step 1: 5 %'])
    split.close()
  })

  it('keeps no process alive', () => {
    vi.useRealTimers()
    const split = trafficSplit({ weights: { stable: 1, canary: 0 } })
    const before = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
    split.startCanary('canary')
    expect(process.getActiveResourcesInfo().filter((name) => name === 'Timeout')).toHaveLength(before)
    split.close()
  })
})

describe('whatever happens to a canary', () => {
  const second = fc.record({
    calls: fc.integer({ min: 0, max: 200 }),
    canaryFails: fc.constantFrom(0, 0, 0, 0.02, 0.5, 1),
    stableFails: fc.constantFrom(0, 0, 0.5),
    command: fc.constantFrom('none', 'none', 'none', 'none', 'start', 'rollback', 'switch', 'set'),
  })

  it('it rises by its steps only, is promoted only from the last, and ends once', () => {
    fc.assert(
      fc.property(fc.array(second, { maxLength: 60 }), (seconds) => {
        const random = seededRandom(3)
        const split = trafficSplit({ weights: { stable: 100, canary: 0 }, random })
        const steps = [10, 60, 100]
        let open: number | undefined
        const end = () => {
          expect(open).toBeDefined()
          open = undefined
        }
        split.on('canaryStep', ({ percent }) => {
          expect(steps.indexOf(percent)).toBe(open === undefined ? 0 : steps.indexOf(open) + 1)
          open = percent
        })
        split.on('canaryPromoted', ({ ofVersion, ofBaseline, percent }) => {
          expect([open, percent]).toEqual([100, 100])
          expect(Math.min(ofVersion.calls, ofBaseline.calls)).toBeGreaterThanOrEqual(50)
          end()
        })
        split.on('canaryRolledBack', ({ ofVersion, reason }) => {
          if (reason !== 'by hand') expect(ofVersion.calls).toBeGreaterThanOrEqual(10)
          expect(split.weights.canary).toBe(0)
          end()
        })
        split.on('canaryStopped', end)
        for (const { calls, canaryFails, stableFails, command } of seconds) {
          if (command === 'start' && split.stats().canary === undefined && split.weights.stable > 0) {
            split.startCanary('canary', { steps, stepMs: 3_000, minSamples: 50 })
          } else if (command === 'rollback') split.rollback()
          else if (command === 'switch') split.switchTo('stable')
          else if (command === 'set') split.setWeights({ stable: 100, canary: 1 })
          for (let call = 0; call < calls; call++) {
            const version = split.choose()
            split.report(version, {
              ok: random() >= (version === 'canary' ? canaryFails : stableFails),
              tookMs: 5,
            })
          }
          vi.advanceTimersByTime(1_000)
          if (open !== undefined) expect(split.weights.canary).toBe(open)
          expect(vi.getTimerCount()).toBe(open === undefined ? 0 : 1)
        }
        split.close()
        expect(vi.getTimerCount()).toBe(0)
      }),
      { numRuns: 60 },
    )
  })

  it('tells of no step that a listener of the new weights has undone', () => {
    const { split, log } = open()
    split.on('shifted', ({ cause }) => {
      if (cause === 'canary') split.rollback()
    })
    split.startCanary('canary')
    expect(log).toEqual(['canaryRolledBack at 5 %'])
    expect([split.weights, split.stats().canary]).toEqual([{ stable: 100, canary: 0 }, undefined])
    split.close()
  })
})
