import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Execution } from '../../policies/index.js'
import { type RoundResult, WatchLoop } from './watch-loop.js'

interface Round {
  readonly execution: Execution
  readonly isFresh: boolean
  settle(result: RoundResult | Error): void
}

/** A loop whose rounds end when a test has them end. */
function setUp(random = 0) {
  const rounds: Round[] = []
  const errors: unknown[] = []
  const closed = vi.fn()
  const loop = new WatchLoop(
    {
      round: (execution, isFresh) =>
        new Promise((resolve, reject) => {
          const settle = (result: RoundResult | Error): void => {
            if (result instanceof Error) reject(result)
            else resolve(result)
          }
          rounds.push({ execution, isFresh, settle })
        }),
      failed: (error) => void errors.push(error),
      closed,
    },
    { idleMs: 60_000, minRefreshMs: 2_000, random: () => random },
  )
  loop.start()
  const advance = async (ms: number): Promise<number> => {
    await vi.advanceTimersByTimeAsync(ms)
    return rounds.length
  }
  const settle = async (result: RoundResult | Error): Promise<void> => {
    rounds.at(-1)?.settle(result)
    await vi.advanceTimersByTimeAsync(0)
  }
  return { loop, rounds, errors, closed, advance, settle }
}

const news = { isNews: true }
const nothing = { isNews: false }

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('WatchLoop', () => {
  it('goes on at once with news, five times, and then every two seconds', async () => {
    const { advance, rounds, settle } = setUp()
    for (let n = 0; n < 5; n++) await settle(news)
    expect(rounds.map(({ isFresh }) => isFresh)).toEqual([true, false, false, false, false, false])
    await settle(news)
    expect([await advance(1_990), await advance(20)]).toEqual([6, 7])
  })

  it('goes on at once when a round has waited without news', async () => {
    const { advance, rounds, settle } = setUp()
    for (let n = 0; n < 20; n++) {
      await advance(60_000)
      await settle(nothing)
    }
    expect(rounds).toHaveLength(21)
  })

  it('backs off when rounds that should wait end at once', async () => {
    const { rounds, settle, advance } = setUp()
    const pauses: number[] = []
    for (let n = 0; n < 8; n++) {
      const count = rounds.length
      await settle(nothing)
      let ms = 0
      while (rounds.length === count) {
        ms += 500
        await advance(500)
      }
      pauses.push(ms)
    }
    expect(pauses).toEqual([500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000])
  })

  it('asks for everything after a failure, later and later, by chance', async () => {
    const { advance, errors, rounds, settle } = setUp(0.999)
    await settle(news)
    const failure = new Error('x')
    await settle(failure)
    expect([await advance(990), await advance(20)]).toEqual([2, 3])
    await settle(failure)
    expect([await advance(1_990), await advance(20)]).toEqual([3, 4])
    expect(rounds.map(({ isFresh }) => isFresh)).toEqual([true, false, true, true])
    expect(errors).toEqual([failure, failure])
  })

  it('breaks a round off to look sooner, but not all the time, and hears nothing of it any more', async () => {
    const { advance, errors, loop, rounds, settle } = setUp()
    await settle(news)
    for (let n = 0; n < 10; n++) loop.refresh()
    expect([await advance(1_990), await advance(20)]).toEqual([2, 3])
    expect(rounds[1]?.execution.aborted).toBe(true)
    rounds[1]?.settle(new Error('broken off'))
    await advance(0)
    expect([errors, rounds[2]?.isFresh, rounds[2]?.execution.aborted]).toEqual([[], true, false])
  })

  it('looks at once, as soon as it may, instead of waiting for its turn after a failure', async () => {
    const { advance, loop, settle } = setUp()
    for (let n = 0; n < 6; n++) {
      await settle(new Error('x'))
      await advance(30_000)
    }
    await settle(new Error('x'))
    const count = await advance(2_000)
    loop.refresh()
    expect(await advance(0)).toBe(count + 1)
  })

  it('ends with close, whatever it was at', async () => {
    for (const [prepare, timers] of [
      [async () => {}, 0],
      [async (set: ReturnType<typeof setUp>) => set.settle(new Error('x')), 0],
    ] as const) {
      const set = setUp()
      await prepare(set)
      set.loop.close()
      set.loop.close()
      set.loop.refresh()
      set.rounds.at(-1)?.settle(new Error('y'))
      const count = set.rounds.length
      expect(await set.advance(120_000)).toBe(count)
      expect([set.closed.mock.calls.length, vi.getTimerCount()]).toEqual([1, timers])
      expect(set.rounds.at(-1)?.execution.aborted).toBe(true)
    }
  })
})

type Step = 'news' | 'nothing' | 'failure' | 'refresh' | 'close' | number

const steps = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom<Step>('news', 'nothing', 'failure', 'refresh') },
    { weight: 1, arbitrary: fc.constant<Step>('close') },
    { weight: 4, arbitrary: fc.nat(40_000) },
  ),
  { maxLength: 60 },
)

describe('WatchLoop, whatever happens', () => {
  it('has one round at a time, keeps its pace, never stands still, and ends with close', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (all) => {
        vi.clearAllTimers()
        const { advance, loop, rounds, settle } = setUp(0.5)
        const startedAt = performance.now()
        let isClosed = false
        let refreshes = 0
        for (const step of all) {
          const before = rounds.length
          if (typeof step === 'number') await advance(step)
          else if (step === 'close') loop.close()
          else if (step === 'refresh') loop.refresh()
          else await settle(step === 'failure' ? new Error('x') : { isNews: step === 'news' })
          if (isClosed) expect(rounds).toHaveLength(before)
          isClosed ||= step === 'close'
          refreshes += step === 'refresh' ? 1 : 0
          for (const old of rounds.slice(0, -1)) expect(old.execution.aborted).toBe(true)
          const elapsedMs = performance.now() - startedAt
          expect(rounds.length).toBeLessThanOrEqual(7 + refreshes + elapsedMs / 500)
        }
        if (isClosed) expect(vi.getTimerCount()).toBe(0)
        else {
          const before = rounds.length
          loop.refresh()
          expect(await advance(2_001)).toBe(before + 1)
        }
        loop.close()
      }),
      { numRuns: 200 },
    )
  })
})
