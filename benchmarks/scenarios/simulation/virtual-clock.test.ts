import { setImmediate as realImmediate } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { VirtualClock } from './virtual-clock.js'

let uninstall = () => {}
afterEach(() => uninstall())

function startClock(): VirtualClock {
  const clock = new VirtualClock()
  uninstall = clock.install(() => 0.5)
  return clock
}

describe('VirtualClock', () => {
  it('runs timers in the order of their times, and of their making where these are equal', async () => {
    const clock = startClock()
    const seen: string[] = []
    setTimeout(() => seen.push('20'), 20)
    setTimeout((text: string) => seen.push(text), 10, '10')
    clock.at(10, () => seen.push('10, later'))
    clock.at(9.5, () => seen.push('9.5'))
    setImmediate(() => seen.push('now'))
    await clock.runUntil(100)
    expect(seen).toEqual(['now', '9.5', '10', '10, later', '20'])
    expect(clock.now()).toBe(100)
  })

  it('lets promises and ticks run to their end before the next event', async () => {
    const clock = startClock()
    const seen: string[] = []
    clock.at(1, async () => {
      for (let turn = 0; turn < 20; turn++) await null
      await new Promise<void>((resolve) => process.nextTick(resolve))
      seen.push('settled')
    })
    clock.at(1, () => seen.push('next'))
    await clock.runUntil(2)
    expect(seen).toEqual(['settled', 'next'])
  })

  it('takes back what is cleared, repeats intervals, and refreshes', async () => {
    const clock = startClock()
    const seen: number[] = []
    const now = () => seen.push(clock.now())
    clearTimeout(setTimeout(now, 5))
    const interval = setInterval(now, 10)
    const refreshed = setTimeout(now, 12)
    clock.at(8, () => refreshed.refresh())
    clock.at(25, () => clearInterval(interval))
    await clock.runUntil(100)
    expect(seen).toEqual([10, 20, 20])
  })

  it("has Node's whole milliseconds for timers, and its own clocks", async () => {
    const clock = startClock()
    const [performanceMs, dateMs] = [performance.now(), Date.now()]
    let firedMs = 0
    clock.at(0.25, () => setTimeout(() => (firedMs = clock.now()), 3.9))
    await clock.runUntil(50)
    expect(firedMs).toBe(3.25)
    expect(performance.now() - performanceMs).toBe(50)
    expect(Date.now() - dateMs).toBe(50)
    expect(Math.random()).toBe(0.5)
  })

  it('gives the globals back, and passes on what an event throws', async () => {
    const clock = startClock()
    clock.at(1, () => {
      throw new Error('broken')
    })
    await expect(clock.runUntil(2)).rejects.toThrow('broken')
    uninstall()
    await realImmediate()
    expect(performance.now()).not.toBe(performance.now() + 1)
    expect(setTimeout.name).toBe('setTimeout')
  })
})
