import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { ConfigInvalidError } from '../foundation/errors/index.js'
import { circuitBreaker } from './circuit-breaker/circuit-breaker.js'
import { adaptiveConcurrency } from './concurrency/adaptive-concurrency.js'
import { bulkhead } from './concurrency/bulkhead.js'
import { hedge, hedgeAfter } from './hedge/hedge.js'
import { Execution } from './kernel/execution.js'
import { rateLimit } from './rate-limit/rate-limit.js'
import { retryBudget } from './retry/retry-budget.js'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const down = async (): Promise<never> => {
  throw new Error('down')
}
const fail = async (policy: { execute(fn: () => Promise<never>): Promise<never> }, times: number) => {
  for (let call = 0; call < times; call++) await policy.execute(down).catch(() => {})
}
const problemsOf = (run: () => void): string[] => {
  try {
    run()
  } catch (error) {
    return (error as ConfigInvalidError).problems.map(({ path }) => path)
  }
  return []
}
/** Work that ends when it is told to. */
function held() {
  const ends: (() => void)[] = []
  return { ends, work: () => new Promise<void>((resolve) => ends.push(resolve)) }
}

describe('update() of a circuit breaker', () => {
  it('keeps what the window holds, and judges it by the new options', async () => {
    const breaker = circuitBreaker({ failureRatio: 0.5, minimumCalls: 10, outageMs: false })
    await fail(breaker, 5)
    expect([breaker.state, breaker.counts.failures]).toEqual(['closed', 5])
    breaker.update({ minimumCalls: 6 })
    expect(breaker.counts.failures).toBe(5)
    await fail(breaker, 1)
    expect(breaker.state).toBe('open')
  })

  it('leaves one that is open as long as it was to be, and the next time goes by the new options', async () => {
    const breaker = circuitBreaker({ minimumCalls: 1, openMs: 1_000, random: () => 0, outageMs: false })
    await fail(breaker, 1)
    const opened = vi.fn()
    breaker.on('open', opened)
    breaker.update({ openMs: 300, maxOpenMs: 300 })
    vi.advanceTimersByTime(999)
    expect(breaker.state).toBe('open')
    vi.advanceTimersByTime(1)
    expect(breaker.state).toBe('halfOpen')
    await fail(breaker, 1)
    expect(opened.mock.calls[0]?.[0].openMs).toBeLessThanOrEqual(300)
  })

  it('has what it counted age at the new pace', async () => {
    const breaker = circuitBreaker({ windowMs: 10_000, minimumCalls: 100, outageMs: false })
    await fail(breaker, 3)
    breaker.update({ windowMs: 1_000 })
    vi.advanceTimersByTime(500)
    expect(breaker.counts.failures).toBe(3)
    vi.advanceTimersByTime(600)
    expect(breaker.counts.failures).toBe(0)
  })

  it('refuses what is wrong and another name, and stays as it was', async () => {
    const breaker = circuitBreaker({ minimumCalls: 2, maxOpenMs: 4_000, outageMs: false })
    expect(problemsOf(() => breaker.update({ minimumCalls: 0, windowMs: -1 }))).toEqual([
      'minimumCalls',
      'windowMs',
    ])
    expect(problemsOf(() => breaker.update({ openMs: 5_000 }))).toEqual(['openMs'])
    expect(problemsOf(() => breaker.update({ name: 'another' }))).toEqual(['name'])
    expect(problemsOf(() => breaker.update(null as never))).toEqual([''])
    await fail(breaker, 2)
    expect(breaker.state).toBe('open')
  })
})

describe('update() of a bulkhead', () => {
  it('lets those go on for whom there is room now', async () => {
    const limit = bulkhead({ maxConcurrent: 1 })
    const { ends, work } = held()
    const calls = Array.from({ length: 4 }, () => limit.execute(work))
    expect([limit.inFlight, limit.queued]).toEqual([1, 3])
    limit.update({ maxConcurrent: 3 })
    await Promise.resolve()
    expect([limit.inFlight, limit.queued]).toEqual([3, 1])
    await vi.waitFor(() => expect(ends).toHaveLength(3))
    for (let call = 0; call < 4; call++) {
      await vi.waitFor(() => expect(ends.length).toBeGreaterThan(call))
      ends[call]?.()
    }
    await Promise.all(calls)
    expect([limit.inFlight, limit.queued]).toEqual([0, 0])
  })

  it('hands out no permit until enough have come back', async () => {
    const limit = bulkhead({ maxConcurrent: 3 })
    const { ends, work } = held()
    const calls = Array.from({ length: 4 }, () => limit.execute(work))
    limit.update({ maxConcurrent: 1 })
    ends[0]?.()
    await calls[0]
    ends[1]?.()
    await calls[1]
    expect([limit.inFlight, limit.queued, ends.length]).toEqual([1, 1, 3])
    ends[2]?.()
    await calls[2]
    await vi.waitFor(() => expect(ends).toHaveLength(4))
    expect([limit.inFlight, limit.queued]).toEqual([1, 0])
    ends[3]?.()
    await calls[3]
  })

  it('refuses what is wrong, and stays as it was', () => {
    const limit = bulkhead({ maxConcurrent: 3 })
    expect(problemsOf(() => limit.update({ maxConcurrent: 0, maxQueue: -1 }))).toEqual([
      'maxConcurrent',
      'maxQueue',
    ])
    expect(limit.maxConcurrent).toBe(3)
  })
})

describe('update() of an adaptive limit', () => {
  it('takes a maximum below where the limit began', () => {
    const limit = adaptiveConcurrency({ initialLimit: 10 })
    limit.update({ maxLimit: 5 })
    expect([limit.limit, limit.maxLimit]).toEqual([5, 5])
  })

  it('keeps what has been learnt, within the new bounds', () => {
    const limit = adaptiveConcurrency({ initialLimit: 40 })
    limit.update({ maxLimit: 60, slowRatio: false })
    expect([limit.limit, limit.maxLimit]).toEqual([40, 60])
    const changed = vi.fn()
    limit.on('limit', changed)
    limit.update({ initialLimit: 20, maxLimit: 30 })
    expect(limit.limit).toBe(30)
    limit.update({ maxLimit: 200 })
    expect(limit.limit).toBe(30)
    limit.update({ minLimit: 50, initialLimit: 50 })
    expect(limit.limit).toBe(50)
    expect(changed.mock.calls.map(([event]) => event)).toEqual([
      { limit: 30, previousLimit: 40 },
      { limit: 50, previousLimit: 30 },
    ])
  })

  it('lets those go on for whom there is room now, and refuses what contradicts', async () => {
    const limit = adaptiveConcurrency({ maxLimit: 1 })
    const { ends, work } = held()
    const calls = Array.from({ length: 2 }, () => limit.execute(work))
    expect(problemsOf(() => limit.update({ minLimit: 2 }))).toEqual(['minLimit'])
    limit.update({ minLimit: 2, maxLimit: 2 })
    await vi.waitFor(() => expect(ends).toHaveLength(2))
    for (const end of ends) end()
    await Promise.all(calls)
    expect([limit.inFlight, limit.queued]).toEqual([0, 0])
    expect(vi.getTimerCount()).toBe(0)
  })

  it('goes by another classify', async () => {
    const limit = adaptiveConcurrency({ initialLimit: 20, classify: () => 'neutral' })
    const lose = () => Promise.all(Array.from({ length: 20 }, () => limit.execute(down).catch(() => {})))
    await lose()
    expect(limit.limit).toBe(20)
    limit.update({ classify: () => 'overload' })
    await lose()
    expect(limit.limit).toBeLessThan(20)
  })
})

describe('update() of a retry budget', () => {
  it('keeps what is saved up, as far as there is room', () => {
    const budget = retryBudget({ maxTokens: 10, ratio: 0.5, floorMs: false })
    for (let spent = 0; spent < 4; spent++) budget.tryWithdraw()
    budget.update({ maxTokens: 20 })
    expect(budget.tokens).toBe(6)
    budget.deposit()
    expect(budget.tokens).toBe(6.5)
    budget.update({ maxTokens: 2, ratio: 0.1 })
    expect(budget.tokens).toBe(2)
    expect(budget.tryWithdraw()).toBe(true)
    budget.deposit()
    expect(budget.tokens).toBeCloseTo(1.1)
    expect(problemsOf(() => budget.update({ ratio: 2, maxTokens: -1 }))).toEqual(['ratio', 'maxTokens'])
    expect(budget.tokens).toBeCloseTo(1.1)
  })
})

describe('update() of a rate limit', () => {
  const run = (limit: ReturnType<typeof rateLimit>) =>
    limit.execute(async () => 'done').catch(({ code }) => code)
  const outcomes = async (limit: ReturnType<typeof rateLimit>, calls: number) => {
    const all = Promise.all(Array.from({ length: calls }, () => run(limit)))
    await vi.advanceTimersByTimeAsync(5)
    return all
  }
  const count = (all: readonly string[], outcome: string) => all.filter((one) => one === outcome).length

  it('keeps what the window has counted', async () => {
    const limit = rateLimit({ limit: 4, intervalMs: 1_000, maxQueue: 0 })
    expect(count(await outcomes(limit, 6), 'done')).toBe(4)
    limit.update({ limit: 10 })
    expect(count(await outcomes(limit, 20), 'done')).toBeLessThanOrEqual(6)
    vi.advanceTimersByTime(1_001)
    expect(count(await outcomes(limit, 20), 'done')).toBe(10)
    limit.update({ limit: 5 })
    expect(count(await outcomes(limit, 5), 'done')).toBe(0)
    vi.advanceTimersByTime(1_001)
    expect(count(await outcomes(limit, 20), 'done')).toBe(5)
    limit.close()
  })

  it('serves those who wait by the new quota at once', async () => {
    const limit = rateLimit({ limit: 1, intervalMs: 10_000 })
    const settled = vi.fn()
    const calls = Array.from({ length: 3 }, () => run(limit).then(settled))
    await vi.advanceTimersByTimeAsync(10)
    expect(settled).toHaveBeenCalledTimes(1)
    limit.update({ limit: 3 })
    await vi.advanceTimersByTimeAsync(10)
    expect(settled).toHaveBeenCalledTimes(3)
    await Promise.all(calls)
    limit.close()
  })

  it('refuses to move the quota elsewhere, and stays as it was', async () => {
    const limit = rateLimit({ limit: 2, intervalMs: 1_000, maxQueue: 0 })
    expect(problemsOf(() => limit.update({ redis: { url: 'redis://127.0.0.1', key: 'a' } }))).toEqual([
      'redis.url',
      'redis.key',
      'redis.timeoutMs',
    ])
    expect(problemsOf(() => limit.update({ limit: 0, intervalMs: 1 }))).toEqual(['limit', 'intervalMs'])
    expect(problemsOf(() => limit.update(null as never))).toEqual([''])
    expect(count(await outcomes(limit, 4), 'done')).toBe(2)
    limit.close()
  })
})

describe('a hedge in the place of another', () => {
  it('knows what that one has observed', async () => {
    const before = hedge({ minSamples: 3, quantile: 0.9 })
    const wait = (ms: number) => () => new Promise<void>((resolve) => setTimeout(resolve, ms))
    const go = async (policy: typeof before, ms: number) => {
      const call = policy.execute(wait(ms))
      await vi.advanceTimersByTimeAsync(ms)
      await call
    }
    for (let call = 0; call < 3; call++) await go(before, 10)
    const after = hedgeAfter(before, { minSamples: 3, quantile: 0.9, maxRatio: 1 })
    const hedged = vi.fn()
    after.on('hedge', hedged)
    await go(after, 100)
    expect(hedged).toHaveBeenCalledOnce()
    const fresh = hedge({ minSamples: 3, quantile: 0.9, maxRatio: 1 })
    fresh.on('hedge', hedged)
    await go(fresh, 100)
    expect(hedged).toHaveBeenCalledOnce()
  })
})

describe('a permit', () => {
  it('goes back to where it was taken, whatever has changed since', () => {
    const limit = bulkhead({ maxConcurrent: 2 })
    const execution = Execution.start(() => {})
    expect(limit.tryAcquire()).toBe(true)
    limit.update({ shadow: true })
    limit.update({ shadow: false, maxConcurrent: 1 })
    limit.release(execution, execution.lingered)
    expect(limit.inFlight).toBe(0)
  })
})
