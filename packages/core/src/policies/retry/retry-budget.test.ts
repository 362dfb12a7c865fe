import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { retryBudget } from './retry-budget.js'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

describe('retryBudget', () => {
  it('starts full and pays for as many retries as it holds', () => {
    const budget = retryBudget({ maxTokens: 3 })
    expect(budget.tokens).toBe(3)
    expect([1, 2, 3, 4].map(() => budget.tryWithdraw())).toEqual([true, true, true, false])
    expect(budget.tokens).toBe(0)
  })

  it('earns exactly one retry in ten successes, tenth by tenth', () => {
    const budget = retryBudget({ maxTokens: 1 })
    budget.tryWithdraw()
    for (let n = 0; n < 9; n++) budget.deposit()
    expect(budget.tryWithdraw()).toBe(false)
    budget.deposit()
    expect(budget.tryWithdraw()).toBe(true)
    expect(budget.tokens).toBe(0)
  })

  it('never holds more than maxTokens', () => {
    const budget = retryBudget({ maxTokens: 2, ratio: 1 })
    budget.deposit()
    budget.refund()
    expect(budget.tokens).toBe(2)
  })

  it('lets one retry through for each floorMs without any', () => {
    const budget = retryBudget({ maxTokens: 1, floorMs: 1_000 })
    expect(budget.tryWithdraw()).toBe(true)
    vi.advanceTimersByTime(999)
    expect(budget.tryWithdraw()).toBe(false)
    vi.advanceTimersByTime(1)
    expect([budget.tryWithdraw(), budget.tryWithdraw()]).toEqual([true, false])
  })

  it('has no floor when told so, and with no tokens only the floor', () => {
    const none = retryBudget({ maxTokens: 0, floorMs: false })
    const floor = retryBudget({ maxTokens: 0, floorMs: 100 })
    expect([none.tryWithdraw(), floor.tryWithdraw(), floor.tryWithdraw()]).toEqual([false, true, false])
  })

  it('does not look at the wall clock', () => {
    const budget = retryBudget({ maxTokens: 0 })
    budget.tryWithdraw()
    vi.setSystemTime(Date.now() + 3_600_000)
    expect(budget.tryWithdraw()).toBe(false)
  })

  it('bounds retries by the tokens at the start, the ratio of successes and the floor, whatever happens', () => {
    const events = fc.array(
      fc.oneof(
        { weight: 4, arbitrary: fc.constant('deposit' as const) },
        { weight: 4, arbitrary: fc.constant('withdraw' as const) },
        { weight: 1, arbitrary: fc.constant('refund' as const) },
        { weight: 1, arbitrary: fc.integer({ min: 1, max: 5_000 }) },
      ),
      { maxLength: 300 },
    )
    const options = fc.record({
      ratio: fc.double({ min: 0, max: 1, noNaN: true }),
      maxTokens: fc.integer({ min: 0, max: 20 }),
      floorMs: fc.constantFrom(1_000, 10_000, false as const),
    })
    fc.assert(
      fc.property(options, events, ({ ratio, maxTokens, floorMs }, sequence) => {
        const budget = retryBudget({ ratio, maxTokens, floorMs })
        const startedAt = performance.now()
        let [made, successes] = [0, 0]
        for (const event of sequence) {
          if (event === 'deposit') {
            successes++
            budget.deposit()
          } else if (event === 'withdraw') {
            if (budget.tryWithdraw()) made++
          } else if (event === 'refund') {
            if (made > 0) {
              made--
              budget.refund()
            }
          } else vi.advanceTimersByTime(event)
          const floors = floorMs === false ? 0 : 1 + Math.floor((performance.now() - startedAt) / floorMs)
          expect(made).toBeLessThanOrEqual(maxTokens + ratio * successes + floors + 1e-6)
          expect(budget.tokens).toBeGreaterThanOrEqual(0)
          expect(budget.tokens).toBeLessThanOrEqual(maxTokens)
        }
      }),
    )
  })

  it('refuses every wrong option at once', () => {
    expect(() => retryBudget({ ratio: 2, maxTokens: -1, floorMs: 0 })).toThrow(
      'retryBudget(): ratio: must be a number from 0 to 1, not 2; ' +
        'maxTokens: must be a number of at least 0, not -1; ' +
        'floorMs: must be more than 0 and at most 2147483647 milliseconds, not 0',
    )
  })
})
