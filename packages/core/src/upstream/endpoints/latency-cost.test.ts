import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LatencyCost } from './latency-cost.js'

describe('LatencyCost', () => {
  it('is the usual one while nothing is known', () => {
    const cost = new LatencyCost()
    expect([cost.at(0, 40), cost.at(0, 0)]).toEqual([40, 1])
  })

  it('doubles at most with one answer, and follows what stays slow', () => {
    const cost = new LatencyCost()
    cost.measured(10, 0, 0)
    cost.measured(2_000, 0, 0)
    expect(cost.at(0, 0)).toBe(20)
    for (let n = 0; n < 8; n++) cost.measured(2_000, 0, 0)
    expect(cost.at(0, 0)).toBe(2_000)
  })

  it('falls slowly, and fades while nothing is heard', () => {
    const cost = new LatencyCost()
    cost.measured(100, 0, 0)
    cost.measured(10, 10, 0)
    expect(cost.at(10, 0)).toBeGreaterThan(99)
    expect(cost.at(10_010, 0)).toBeCloseTo(cost.at(10, 0) / Math.E)
    expect(cost.at(1e6, 0)).toBe(1)
  })

  it('fades to what is usual and no further', () => {
    const [slow, usual] = [new LatencyCost(), new LatencyCost()]
    slow.measured(400, 0, 0)
    usual.measured(20, 0, 0)
    expect([slow.at(1e6, 25), usual.at(1e6, 25)]).toEqual([25, 20])
  })

  it('is a second at least after a failure, and ten times the usual', () => {
    const [fast, slow, timedOut] = [new LatencyCost(), new LatencyCost(), new LatencyCost()]
    fast.failed(0, 0, 5)
    slow.failed(0, 0, 5_000)
    timedOut.failed(3_000, 0, 5)
    expect([fast.at(0, 5), slow.at(0, 5_000), timedOut.at(0, 5)]).toEqual([1_000, 50_000, 3_000])
  })

  it('is a finite number of at least one, whatever happens', () => {
    const events = fc.array(fc.tuple(fc.boolean(), fc.nat(1e7), fc.nat(1e5), fc.nat(1e5)))
    fc.assert(
      fc.property(events, (happened) => {
        const cost = new LatencyCost()
        let now = 0
        for (const [failed, ms, typicalMs, passedMs] of happened) {
          now += passedMs
          if (failed) cost.failed(ms, now, typicalMs)
          else cost.measured(ms, now, typicalMs)
          const at = cost.at(now, typicalMs)
          expect(Number.isFinite(at) && at >= 1).toBe(true)
        }
      }),
    )
  })
})
