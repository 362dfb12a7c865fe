import { describe, expect, it } from 'vitest'
import { fullDurations, planPhases } from '../experiment/phases.js'
import { needsPayments } from '../experiment/record.js'
import { poissonArrivals } from './arrivals.js'
import { traffic } from './traffic.js'

describe('poissonArrivals', () => {
  it('offers the load that was asked for, in order', () => {
    const arrivals = poissonArrivals([{ kind: 'a', perSecond: 100 }], 100_000, 1)
    expect(arrivals.length).toBeGreaterThan(9_700)
    expect(arrivals.length).toBeLessThan(10_300)
    expect(arrivals).toEqual(arrivals.toSorted((one, other) => one.atMs - other.atMs))
    expect(arrivals.map(({ ordinal }) => ordinal)).toEqual(arrivals.map((_, index) => index + 1))
  })

  it('has gaps as random calls have them', () => {
    const arrivals = poissonArrivals([{ kind: 'a', perSecond: 100 }], 100_000, 1)
    const longGaps = arrivals.filter(({ atMs }, index) => atMs - (arrivals[index - 1]?.atMs ?? 0) > 10)
    expect(longGaps.length / arrivals.length).toBeCloseTo(Math.exp(-1), 1)
  })

  it('is the same for the same seed only', () => {
    const streams = [{ kind: 'a', perSecond: 10 }] as const
    expect(poissonArrivals(streams, 10_000, 7)).toEqual(poissonArrivals(streams, 10_000, 7))
    expect(poissonArrivals(streams, 10_000, 7)).not.toEqual(poissonArrivals(streams, 10_000, 8))
  })

  it('gives every phase a thousand calls that need payments', () => {
    const phases = planPhases(fullDurations)
    const arrivals = poissonArrivals(traffic, phases.at(-1)?.toMs ?? 0, 1).filter(needsPayments)
    for (const { fromMs, toMs } of phases) {
      expect(arrivals.filter(({ atMs }) => atMs >= fromMs && atMs < toMs).length).toBeGreaterThan(1_000)
    }
  })
})
