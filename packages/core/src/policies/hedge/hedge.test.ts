import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { CircuitOpenError, ConcurrencyLimitError } from '../../foundation/errors/index.js'
import { circuitBreaker } from '../circuit-breaker/circuit-breaker.js'
import { bulkhead } from '../concurrency/bulkhead.js'
import { compose } from '../kernel/compose.js'
import { Execution, type ExecutionContext } from '../kernel/execution.js'
import { runWork } from '../kernel/run-work.js'
import { retry } from '../retry/retry.js'
import { retryBudget } from '../retry/retry-budget.js'
import { timeout } from '../timeout/timeout.js'
import { hedge } from './hedge.js'

type Leg = { resolve(value: unknown): void; reject(error: unknown): void; context: ExecutionContext }

/** A function whose calls settle when the test says so. */
function controlled() {
  const legs: Leg[] = []
  const work = (context: ExecutionContext) =>
    new Promise<unknown>((resolve, reject) => {
      legs.push({ resolve, reject, context })
    })
  return { legs, work }
}

const caught = (promise: Promise<unknown>) => promise.catch((error: unknown) => error)
const takes = (ms: number) => () => new Promise((resolve) => setTimeout(resolve, ms, ms))

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

describe('with a fixed delay', () => {
  it('sends one leg while that is fast, and clears its timer', async () => {
    const work = vi.fn(takes(9))
    const call = hedge({ delayMs: 10 }).execute(work)
    await vi.advanceTimersByTimeAsync(9)
    expect(await call).toBe(9)
    expect(work).toHaveBeenCalledTimes(1)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('sends a second one after the delay; the first success wins and the loser is aborted', async () => {
    const { legs, work } = controlled()
    const policy = hedge({ delayMs: 10 })
    const events: unknown[] = []
    policy.on('hedge', ({ delayMs, execution }) => events.push([delayMs, execution.hedged]))
    const call = policy.execute(work)
    const signal = legs[0]?.context.signal
    await vi.advanceTimersByTimeAsync(9)
    expect(legs).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(1)
    expect(legs.map(({ context }) => context.hedged)).toEqual([false, true])
    expect(events).toEqual([[10, false]])
    legs[1]?.resolve('second')
    expect(await call).toBe('second')
    expect(signal?.aborted).toBe(true)
    expect(signal?.reason).toMatchObject({ code: 'ABORTED' })
    expect(legs[1]?.context.signal.aborted).toBe(false)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('takes the first leg where that is faster after all', async () => {
    const { legs, work } = controlled()
    const call = hedge({ delayMs: 10 }).execute(work)
    await vi.advanceTimersByTimeAsync(10)
    legs[0]?.resolve('first')
    expect(await call).toBe('first')
    expect(legs[1]?.context.signal.aborted).toBe(true)
  })

  it('leaves an early failure to a retry', async () => {
    const { legs, work } = controlled()
    const call = caught(hedge({ delayMs: 10 }).execute(work))
    legs[0]?.reject(new Error('down'))
    expect(await call).toMatchObject({ message: 'down' })
    await vi.advanceTimersByTimeAsync(100)
    expect(legs).toHaveLength(1)
  })

  it.each([
    [0, 1],
    [1, 0],
  ])('waits for the other leg when leg %i fails', async (failing, other) => {
    const { legs, work } = controlled()
    const call = hedge({ delayMs: 10 }).execute(work)
    await vi.advanceTimersByTimeAsync(10)
    legs[failing]?.reject(new Error('down'))
    await vi.advanceTimersByTimeAsync(0)
    legs[other]?.resolve('up')
    expect(await call).toBe('up')
  })

  it.each([
    [0, 1],
    [1, 0],
  ])('fails with the first leg’s error when leg %i fails before leg %i', async (one, two) => {
    const { legs, work } = controlled()
    const call = caught(hedge({ delayMs: 10 }).execute(work))
    await vi.advanceTimersByTimeAsync(10)
    for (const index of [one, two]) legs[index]?.reject(new Error(`leg ${index}`))
    expect(await call).toMatchObject({ message: 'leg 0' })
  })

  it('ends at once with both legs when the caller aborts', async () => {
    const { legs, work } = controlled()
    const controller = new AbortController()
    const call = caught(hedge({ delayMs: 10 }).execute(work, { signal: controller.signal }))
    const signals = () => legs.map(({ context }) => context.signal.aborted)
    await vi.advanceTimersByTimeAsync(10)
    expect(signals()).toEqual([false, false])
    legs[0]?.reject(new Error('down'))
    await vi.advanceTimersByTimeAsync(0)
    controller.abort()
    expect(await call).toMatchObject({ code: 'ABORTED' })
    expect(signals()[1]).toBe(true)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('sends no second leg after an abort, nor when the time is up before the delay', async () => {
    const work = vi.fn(() => new Promise(() => {}))
    const policy = compose(timeout({ timeoutMs: 10 }), hedge({ delayMs: 20 }))
    const call = caught(policy.execute(work))
    expect(vi.getTimerCount()).toBe(1)
    await vi.advanceTimersByTimeAsync(30)
    expect(await call).toMatchObject({ code: 'DEADLINE_EXCEEDED' })
    expect(work).toHaveBeenCalledTimes(1)
  })

  it('hedges first attempts only, and what `when` allows', async () => {
    const work = vi.fn(takes(50))
    const policy = hedge({ delayMs: 10, maxRatio: 1, when: (execution) => execution.data === 'safe' })
    const run = async (data: string, attempt: number) => {
      const execution = Execution.start(work, data)
      execution.attempt = attempt
      const call = policy.link(runWork)(execution)
      await vi.advanceTimersByTimeAsync(50)
      await call
      return work.mock.calls.length
    }
    expect(await run('safe', 2)).toBe(1)
    expect(await run('unsafe', 1)).toBe(2)
    expect(await run('safe', 1)).toBe(4)
  })

  it('leaves nothing attached to the execution that it was given', async () => {
    const execution = Execution.start(takes(50))
    const abort = vi.fn()
    const fork = execution.fork.bind(execution)
    execution.fork = () => {
      const part = fork()
      part.attach({ abort })
      return part
    }
    const call = hedge({ delayMs: 10 }).link(runWork)(execution)
    await vi.advanceTimersByTimeAsync(50)
    await call
    abort.mockClear()
    execution.abort(new Error('late'))
    expect(abort).not.toHaveBeenCalled()
  })
})

describe('beside other policies', () => {
  it('skips a leg that a bulkhead refuses, and takes back what it has cost', async () => {
    const { legs, work } = controlled()
    const budget = retryBudget({ maxTokens: 3 })
    const policy = hedge({ delayMs: 10, budget })
    const skipped: string[] = []
    policy.on('skip', ({ reason }) => skipped.push(reason))
    const call = compose(policy, bulkhead({ maxConcurrent: 1 })).execute(work)
    await vi.advanceTimersByTimeAsync(10)
    expect(legs).toHaveLength(1)
    expect(skipped).toEqual(['refused'])
    expect(budget.tokens).toBe(3)
    legs[0]?.resolve('first')
    expect(await call).toBe('first')
  })

  it.each([new CircuitOpenError(), new ConcurrencyLimitError()])(
    'fails with the first leg’s error when the hedge is refused with $code',
    async (refusal) => {
      let reject: (error: unknown) => void = () => {}
      const call = caught(
        hedge({ delayMs: 10 }).execute(({ hedged }) =>
          hedged
            ? Promise.reject(refusal)
            : new Promise((_, fail) => {
                reject = fail
              }),
        ),
      )
      await vi.advanceTimersByTimeAsync(20)
      reject(new Error('first'))
      expect(await call).toMatchObject({ message: 'first' })
    },
  )

  it('does not count a loser against the dependency', async () => {
    const { legs, work } = controlled()
    const breaker = circuitBreaker({ minimumCalls: 1 })
    const call = compose(hedge({ delayMs: 10 }), breaker).execute(work)
    await vi.advanceTimersByTimeAsync(10)
    legs[1]?.resolve('second')
    await call
    await vi.advanceTimersByTimeAsync(0)
    expect(breaker.counts).toEqual({ successes: 1, failures: 0 })
  })

  it('keeps the permit of a call around until the loser has ended', async () => {
    const { legs, work } = controlled()
    const outer = bulkhead({ maxConcurrent: 1 })
    const call = compose(outer, hedge({ delayMs: 10 })).execute(work)
    await vi.advanceTimersByTimeAsync(10)
    legs[1]?.resolve('second')
    await call
    expect(outer.inFlight).toBe(1)
    legs[0]?.reject(new Error('at last'))
    await vi.advanceTimersByTimeAsync(0)
    expect(outer.inFlight).toBe(0)
  })

  it('spends the budget that a retry shares with it', async () => {
    const budget = retryBudget({ maxTokens: 1, floorMs: false })
    const policy = hedge({ delayMs: 10, budget, maxRatio: 1 })
    const skipped: string[] = []
    policy.on('skip', ({ reason }) => skipped.push(reason))
    const composed = compose(retry({ budget, maxAttempts: 2 }), policy)
    for (let index = 0; index < 2; index++) {
      const call = composed.execute(takes(20))
      await vi.advanceTimersByTimeAsync(20)
      await call
    }
    expect(skipped).toEqual(['budget'])
    expect(budget.tokens).toBeCloseTo(0.2)
  })

  it('changes nothing where a listener throws', async () => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
    const policy = hedge({ delayMs: 10 })
    policy.on('hedge', () => {
      throw new Error('listener')
    })
    const call = policy.execute(takes(20))
    await vi.advanceTimersByTimeAsync(20)
    expect(await call).toBe(20)
    expect(warn).toHaveBeenCalledOnce()
  })
})

describe('the ratio', () => {
  it('bounds the share of calls that are hedged', async () => {
    const policy = hedge({ delayMs: 10, maxRatio: 0.05 })
    let hedges = 0
    policy.on('hedge', () => hedges++)
    for (let index = 0; index < 200; index++) {
      const call = policy.execute(takes(20))
      await vi.advanceTimersByTimeAsync(20)
      await call
    }
    expect(hedges).toBe(11)
  })

  it('saves up at most ten hedges', async () => {
    const policy = hedge({ delayMs: 10, maxRatio: 0.05 })
    let hedges = 0
    policy.on('hedge', () => hedges++)
    for (let index = 0; index < 1000; index++) await policy.execute(() => 'fast')
    const calls = Array.from({ length: 50 }, () => policy.execute(takes(20)))
    await vi.advanceTimersByTimeAsync(20)
    await Promise.all(calls)
    expect(hedges).toBe(10)
  })
})

describe('with an observed delay', () => {
  const warmUp = async (policy: ReturnType<typeof hedge>, calls: number, ms: number) => {
    for (let index = 0; index < calls; index++) {
      const call = policy.execute(takes(ms))
      await vi.advanceTimersByTimeAsync(ms)
      await call
    }
  }

  it('hedges nothing until it has seen enough calls, then at their quantile', async () => {
    const policy = hedge({ minSamples: 20 })
    const delays: number[] = []
    policy.on('hedge', ({ delayMs }) => delays.push(delayMs))
    await warmUp(policy, 19, 40)
    const call = policy.execute(takes(500))
    await vi.advanceTimersByTimeAsync(500)
    await call
    expect(delays).toEqual([])
    await warmUp(policy, 80, 40)
    const slow = policy.execute(takes(500))
    await vi.advanceTimersByTimeAsync(500)
    await slow
    expect(delays).toEqual([41])
  })

  it('counts what it has cut short as at least that slow', async () => {
    const policy = hedge({ minSamples: 20, maxRatio: 1 })
    await warmUp(policy, 20, 40)
    // From now on each first leg takes 200 ms and each second one 5: without the cut legs the delay would stay 40.
    const delays = new Set<number>()
    policy.on('hedge', ({ delayMs }) => delays.add(delayMs))
    for (let index = 0; index < 200; index++) {
      const call = policy.execute(({ hedged }) => takes(hedged ? 5 : 200)())
      await vi.advanceTimersByTimeAsync(200)
      await call
    }
    expect(Math.max(...delays)).toBeGreaterThan(45)
  })

  it('records no failure', async () => {
    const policy = hedge({ minSamples: 1 })
    const work = vi.fn(() => Promise.reject(new Error('down')))
    for (let index = 0; index < 5; index++) await caught(policy.execute(work))
    const call = policy.execute(takes(1000))
    expect(vi.getTimerCount()).toBe(1)
    await vi.advanceTimersByTimeAsync(1000)
    await call
  })
})

describe('options', () => {
  it.each([
    [{ delayMs: 10, quantile: 0.9 }, /delayMs: contradicts quantile/],
    [{ delayMs: 10, minSamples: 5 }, /delayMs: contradicts minSamples/],
    [{ delayMs: 0 }, /delayMs: must be more than 0/],
    [{ quantile: 1 }, /quantile: must be/],
    [{ minSamples: 0 }, /minSamples: must be/],
    [{ maxRatio: 0 }, /maxRatio: must be/],
    [{ budget: {} }, /budget: must be what retryBudget\(\) returns/],
    [{ when: true }, /when: must be a function/],
    [{ delay: 10 }, /delay: is not an option/],
  ])('refuses %o', (options, message) => {
    expect(() => hedge(options as never)).toThrow(message)
  })
})
