import { seededRandom } from '@holdfast/core/testing'
import { afterEach, describe, expect, it } from 'vitest'
import { holdfast } from '../arms/holdfast.js'
import { backAgain } from '../definitions/s10-return.js'
import { quantile } from '../metrics/recorder.js'
import { poissonArrivals } from '../model/arrivals.js'
import { serve } from '../model/behaviour.js'
import { QueueingServer } from '../model/queueing-server.js'
import type { Variant } from '../model/scenario.js'
import { simulate } from './simulate.js'
import { VirtualClock } from './virtual-clock.js'

let uninstall = () => {}
afterEach(() => uninstall())

function startClock(): VirtualClock {
  const clock = new VirtualClock()
  uninstall = clock.install(seededRandom(1))
  return clock
}

/** Erlang's C formula: the share of arrivals that find every one of `slots` servers busy, at `erlangs` of load. */
function erlangC(slots: number, erlangs: number): number {
  let blocked = 1
  for (let busy = 1; busy <= slots; busy++) blocked = (erlangs * blocked) / (busy + erlangs * blocked)
  return blocked / (1 - (erlangs / slots) * (1 - blocked))
}

describe('the simulated server', () => {
  it.each([
    { slots: 1, load: 0.6 },
    { slots: 4, load: 0.6 },
    { slots: 10, load: 0.8 },
  ])('waits as an M/M/$slots queue does at a load of $load', async ({ slots, load }) => {
    const clock = startClock()
    const meanMs = 10
    const perSecond = (load * slots * 1_000) / meanMs
    const untilMs = 200_000_000 / perSecond
    const server = new QueueingServer(clock, {
      replica: 0,
      slots,
      meanMs,
      eventAtMs: 0,
      behave: () => serve,
      random: seededRandom('service'),
    })
    const latencies: number[] = []
    poissonArrivals(
      clock,
      { steps: [{ fromMs: 0, perSecond }], untilMs, random: seededRandom('arrivals') },
      () => {
        const cameMs = clock.now()
        server.receive({
          path: '/',
          headers: {},
          respond: () => latencies.push(clock.now() - cameMs),
          refuse: () => {},
          onGone: () => {},
        })
      },
    )
    await clock.runUntil(untilMs + 10_000)
    const waitMs = (erlangC(slots, load * slots) * meanMs) / (slots - load * slots)
    const mean = latencies.reduce((sum, ms) => sum + ms, 0) / latencies.length
    expect(mean / (waitMs + meanMs)).toBeGreaterThan(0.97)
    expect(mean / (waitMs + meanMs)).toBeLessThan(1.03)
    latencies.sort((one, other) => one - other)
    if (slots === 1) {
      const p99Ms = (-Math.log(0.01) * meanMs) / (1 - load)
      expect((quantile(latencies, 0.99) ?? 0) / p99Ms).toBeCloseTo(1, 1)
    }
  })
})

describe('Poisson arrivals', () => {
  it('offer each load to 1 %', async () => {
    const clock = startClock()
    const steps = [
      { fromMs: 0, perSecond: 700 },
      { fromMs: 100_000, perSecond: 0 },
      { fromMs: 110_000, perSecond: 2_000 },
    ]
    const counts = [0, 0, 0]
    poissonArrivals(clock, { steps, untilMs: 200_000, random: seededRandom(3) }, () => {
      const step = clock.now() < 100_000 ? 0 : clock.now() < 110_000 ? 1 : 2
      counts[step] = (counts[step] ?? 0) + 1
    })
    await clock.runUntil(200_000)
    const [first = 0, none, last = 0] = counts
    expect(Math.abs(first / 70_000 - 1)).toBeLessThan(0.01)
    expect(none).toBe(0)
    expect(Math.abs(last / 180_000 - 1)).toBeLessThan(0.01)
  })

  it('starts all that are due when a timer comes late', () => {
    let nowMs = 0
    let due: () => void = () => {}
    let arrivals = 0
    const late = {
      now: () => nowMs,
      at: (_: number, run: () => void) => {
        due = run
      },
    }
    const plan = { steps: [{ fromMs: 0, perSecond: 1_000 }], untilMs: 10_000, random: seededRandom(1) }
    poissonArrivals(late, plan, () => arrivals++)
    for (nowMs = 50; nowMs <= 10_050; nowMs += 50) due()
    expect(Math.abs(arrivals / 10_000 - 1)).toBeLessThan(0.03)
  })
})

describe('a simulated run', () => {
  it('is the same for the same seed, and another for another', async () => {
    const [variant] = backAgain.variants as readonly [Variant]
    const [first, again, other] = [
      await simulate(variant, holdfast, 1),
      await simulate(variant, holdfast, 1),
      await simulate(variant, holdfast, 2),
    ]
    expect(again).toEqual(first)
    expect(other.pictured).not.toEqual(first.pictured)
  })
})
