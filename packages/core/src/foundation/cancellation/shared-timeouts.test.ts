import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { cancel, type Due, schedule } from './shared-timeouts.js'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

function due(fire: () => void): Due {
  return { dueAt: 0, earlier: undefined, later: undefined, queue: undefined, fire }
}

/** Schedules at `at`, and once more for the same time when it fires, as a call's attempt and total timeouts may. */
interface Plan {
  readonly at: number
  readonly ms: number
  readonly again: number | undefined
}

const plans = fc.array(
  fc.record<Plan>({
    at: fc.integer({ min: 0, max: 50 }),
    ms: fc.constantFrom(10, 20, 30),
    again: fc.option(fc.constantFrom(10, 20, 30), { nil: undefined }),
  }),
  { maxLength: 20 },
)

describe('schedule', () => {
  it('is on time for those who wait when one that fires is scheduled again', async () => {
    const fired: [string, number][] = []
    const begin = performance.now()
    const note = (name: string) => fired.push([name, Math.round(performance.now() - begin)])
    const first = due(() => {
      note('first')
      if (fired.length === 1) schedule(first, 100, performance.now())
    })
    schedule(first, 100, performance.now())
    await vi.advanceTimersByTimeAsync(20)
    schedule(
      due(() => note('second')),
      100,
      performance.now(),
    )
    await vi.advanceTimersByTimeAsync(1_000)
    expect(fired).toEqual([
      ['first', 100],
      ['second', 120],
      ['first', 200],
    ])
  })

  it('fires everything on time, once, and leaves no timer behind', async () => {
    await fc.assert(
      fc.asyncProperty(plans, async (planned) => {
        const begin = performance.now()
        const late: number[] = []
        let missing = 0
        const add = (ms: number, again: number | undefined): void => {
          const expected = performance.now() + ms
          missing++
          const one = due(() => {
            missing--
            late.push(Math.abs(performance.now() - expected))
            if (again !== undefined) add(again, undefined)
          })
          schedule(one, ms, performance.now())
        }
        for (const { at, ms, again } of [...planned].sort((a, b) => a.at - b.at)) {
          await vi.advanceTimersByTimeAsync(begin + at - performance.now())
          add(ms, again)
        }
        await vi.advanceTimersByTimeAsync(100)
        expect(missing).toBe(0)
        expect(Math.max(0, ...late)).toBeLessThanOrEqual(1)
        expect(vi.getTimerCount()).toBe(0)
      }),
      { numRuns: 200 },
    )
  })

  it('forgets what is cancelled', async () => {
    const fire = vi.fn()
    const one = due(fire)
    schedule(one, 10, performance.now())
    cancel(one)
    expect(vi.getTimerCount()).toBe(0)
    await vi.advanceTimersByTimeAsync(100)
    expect(fire).not.toHaveBeenCalled()
  })
})
