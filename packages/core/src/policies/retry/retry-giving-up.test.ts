import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  CircuitOpenError,
  ClosedError,
  ConcurrencyLimitError,
  isHoldfastError,
} from '../../foundation/errors/index.js'
import { compose } from '../kernel/compose.js'
import type { Execution, Step } from '../kernel/execution.js'
import { BasePolicy } from '../kernel/policy.js'
import { timeout } from '../timeout/timeout.js'
import type { RetryOptions } from './options.js'
import { type GiveUpEvent, retry } from './retry.js'
import { retryBudget } from './retry-budget.js'

const turn = (ms = 0) => vi.advanceTimersByTimeAsync(ms)
const fails = (): Promise<never> => Promise.reject(new Error('down'))

function watched(options: RetryOptions) {
  const policy = retry(options)
  const gaveUp: GiveUpEvent['reason'][] = []
  const retried = vi.fn()
  policy.on('giveUp', ({ reason }) => gaveUp.push(reason))
  policy.on('retry', retried)
  return { policy, gaveUp, retried }
}

/** Keeps hold of the execution that passes through it. */
class Probe extends BasePolicy {
  execution: Execution | undefined
  link<Data>(next: Step<Data>): Step<Data> {
    return (execution) => {
      this.execution = execution
      return next(execution)
    }
  }
}

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

describe('an abort while a retry backs off', () => {
  it('rejects at once, makes no attempt and gives the token back', async () => {
    const budget = retryBudget()
    const controller = new AbortController()
    const work = vi.fn(fails)
    const { policy, gaveUp } = watched({ budget, baseMs: 1_000, random: () => 0.9 })
    const call = policy.execute(work, { signal: controller.signal })
    const failure = expect(call).rejects.toMatchObject({ code: 'ABORTED', phase: 'backoff', cause: 'enough' })
    await turn(100)
    expect(budget.tokens).toBe(9)
    controller.abort('enough')
    await failure
    expect([work.mock.calls.length, budget.tokens, vi.getTimerCount(), gaveUp]).toEqual([1, 10, 0, []])
  })

  it('by the deadline names the failure before it as the cause', async () => {
    const budget = retryBudget()
    const policy = compose(timeout({ timeoutMs: 100 }), retry({ budget, baseMs: 10, random: () => 0.5 }))
    let calls = 0
    const call = policy.execute(() => (++calls === 1 ? fails() : new Promise(() => {})))
    const failure = expect(call).rejects.toMatchObject({
      code: 'DEADLINE_EXCEEDED',
      cause: { message: 'down' },
    })
    await turn(100)
    await failure
    expect([calls, budget.tokens]).toEqual([2, 9])
  })

  it.each([1, 2])(
    'with a refusal as the reason is no refused attempt (after attempt %d)',
    async (attempts) => {
      const budget = retryBudget()
      const probe = new Probe()
      const { policy, gaveUp } = watched({ budget, baseMs: 1_000, random: () => 0.5 })
      const closed = new ClosedError()
      const call = compose(probe, policy).execute(fails)
      const failure = expect(call).rejects.toBe(closed)
      await turn(attempts === 1 ? 0 : 500)
      probe.execution?.abort(closed)
      await failure
      expect([budget.tokens, probe.execution?.attempt, gaveUp]).toEqual([11 - attempts, attempts, []])
    },
  )

  it('while a later attempt runs ends the call with the reason, too', async () => {
    const budget = retryBudget()
    const probe = new Probe()
    const { policy, gaveUp } = watched({ budget, maxAttempts: 2, baseMs: 10 })
    let calls = 0
    const closed = new ClosedError()
    const call = compose(probe, policy).execute(() => (++calls === 1 ? fails() : new Promise(() => {})))
    const failure = expect(call).rejects.toBe(closed)
    await turn(50)
    probe.execution?.abort(closed)
    await failure
    expect([calls, budget.tokens, gaveUp]).toEqual([2, 9, []])
  })
})

describe('an attempt that another policy refuses', () => {
  it.each([new CircuitOpenError(), new ConcurrencyLimitError()])(
    '%o is not retried when it is the first',
    async (refusal) => {
      const work = vi.fn(() => Promise.reject(refusal))
      const { policy, gaveUp } = watched({})
      await expect(policy.execute(work)).rejects.toBe(refusal)
      expect([work.mock.calls.length, gaveUp]).toEqual([1, []])
    },
  )

  it.each([2, 3])('as attempt %d leaves the failure before it, and its token', async (at) => {
    const budget = retryBudget()
    const { policy, gaveUp } = watched({ budget, baseMs: 1 })
    const probe = new Probe()
    let calls = 0
    const call = compose(probe, policy).execute(() => {
      if (++calls === at) throw new CircuitOpenError()
      throw new Error(`down ${calls}`)
    })
    const failure = expect(call).rejects.toThrow(`down ${at - 1}`)
    await turn(1_000)
    await failure
    expect([calls, probe.execution?.attempt, gaveUp]).toEqual([at, at - 1, ['refused']])
    expect(budget.tokens).toBe(10 - (at - 2))
  })
})

describe('a budget', () => {
  it('that is empty fails the call at once, before any sleep', async () => {
    const budget = retryBudget({ maxTokens: 1, floorMs: false })
    const { policy, gaveUp, retried } = watched({ budget, baseMs: 0 })
    const work = vi.fn(fails)
    const call = policy.execute(work)
    const failure = expect(call).rejects.toThrow('down')
    await turn(100)
    await failure
    expect([work.mock.calls.length, gaveUp, retried.mock.calls.length]).toEqual([2, ['budget'], 1])
    const next = policy.execute(fails)
    await expect(next).rejects.toThrow('down')
    expect(vi.getTimerCount()).toBe(0)
  })

  it('earns by first attempts that succeed, not by retries', async () => {
    const budget = retryBudget({ maxTokens: 10 })
    const policy = retry({ budget, baseMs: 0 })
    let calls = 0
    const call = policy.execute(() => (++calls === 1 ? fails() : 'answer'))
    await turn(100)
    await call
    expect(budget.tokens).toBe(9)
    await policy.execute(() => 'answer')
    expect(budget.tokens).toBeCloseTo(9.1)
  })

  it('earns by a failure that `earns` says so of', async () => {
    const budget = retryBudget()
    budget.tryWithdraw()
    const policy = retry({ budget, when: () => false, earns: (error) => isHoldfastError(error, 'CLOSED') })
    await policy.execute(fails).catch(() => {})
    expect(budget.tokens).toBe(9)
    await policy.execute(() => Promise.reject(new ClosedError())).catch(() => {})
    expect(budget.tokens).toBeCloseTo(9.1)
  })

  it('set to false bounds nothing', async () => {
    const policy = retry({ budget: false, maxAttempts: 2, baseMs: 0 })
    const work = vi.fn(fails)
    const calls = Array.from({ length: 50 }, () => policy.execute(work).catch(() => {}))
    await turn(1_000)
    await Promise.all(calls)
    expect(work).toHaveBeenCalledTimes(100)
  })
})

describe('listeners of a retry', () => {
  it('that throw or reject change nothing', async () => {
    const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
    const policy = retry({ baseMs: 0 })
    policy.on('retry', () => {
      throw new Error('listener')
    })
    policy.on('giveUp', async () => {
      throw new Error('listener')
    })
    const call = policy.execute(fails)
    const failure = expect(call).rejects.toThrow('down')
    await turn(100)
    await failure
    expect(warned).toHaveBeenCalledTimes(2)
  })
})
