import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { circuitBreaker } from '../circuit-breaker/circuit-breaker.js'
import { bulkhead } from '../concurrency/bulkhead.js'
import { retry } from '../retry/retry.js'
import { timeout } from '../timeout/timeout.js'
import { compose } from './compose.js'
import type { Step } from './execution.js'
import { BasePolicy } from './policy.js'

const turn = (ms = 0) => vi.advanceTimersByTimeAsync(ms)

class Named extends BasePolicy {
  readonly #name: string
  readonly #log: string[]
  constructor(name: string, log: string[]) {
    super()
    this.#name = name
    this.#log = log
  }
  link<Data>(next: Step<Data>): Step<Data> {
    return (execution) => {
      this.#log.push(this.#name)
      return next(execution)
    }
  }
}

/** The four together, and each of them to look at. */
function four() {
  const breaker = circuitBreaker({ random: () => 0 })
  const limit = bulkhead({ maxConcurrent: 1 })
  const attempts = retry({ baseMs: 100, random: () => 0.5 })
  return { breaker, limit, policy: compose(timeout({ timeoutMs: 1_000 }), attempts, breaker, limit) }
}

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

describe('compose', () => {
  it('puts the first outermost, also when compositions are composed', async () => {
    const log: string[] = []
    const named = (name: string) => new Named(name, log)
    await compose(named('a'), compose(named('b'), named('c')), named('d')).execute(() => log.push('work'))
    expect(log).toEqual(['a', 'b', 'c', 'd', 'work'])
  })

  it('shares the state of a policy between compositions', async () => {
    const breaker = circuitBreaker({ minimumCalls: 2 })
    for (const policy of [compose(breaker), compose(timeout({ timeoutMs: 10 }), breaker)]) {
      await policy.execute(() => Promise.reject(new Error('down'))).catch(() => {})
    }
    expect(breaker.state).toBe('open')
  })

  it('refuses what is no policy, all at once, and an empty list', () => {
    expect(() => compose()).toThrow('compose(): takes at least one policy')
    expect(() => compose(null as never, retry(), {} as never)).toThrow(
      /^compose\(\): 0: is not a policy; .*; 2: is not a policy; /,
    )
  })
})

describe('a call through all four', () => {
  it('sets one timer and leaves none, with a result or a failure', async () => {
    const { policy } = four()
    const timers = vi.spyOn(globalThis, 'setTimeout')
    await policy.execute(async () => 'answer')
    expect([timers.mock.calls.length, vi.getTimerCount()]).toEqual([1, 0])
    await policy.execute(() => Promise.reject(new TypeError('bug'))).catch(() => {})
    expect([timers.mock.calls.length, vi.getTimerCount()]).toEqual([2, 0])
  })

  it('creates no AbortController unless the signal is read', async () => {
    let created = 0
    vi.stubGlobal(
      'AbortController',
      class extends AbortController {
        constructor() {
          super()
          created++
        }
      },
    )
    const { policy } = four()
    await policy.execute(async () => 'answer')
    expect(created).toBe(0)
    await policy.execute(async ({ signal }) => signal.aborted)
    expect(created).toBe(1)
  })

  it('that is one of many to run out of time is alone in that, and keeps its permit', async () => {
    const limit = bulkhead({ maxConcurrent: 3 })
    const policy = compose(timeout({ timeoutMs: 100 }), retry(), circuitBreaker(), limit)
    const ends: (() => void)[] = []
    const signals: AbortSignal[] = []
    const call = () =>
      policy.execute(
        ({ signal }) =>
          new Promise<string>((resolve) => {
            signals.push(signal)
            ends.push(() => resolve('answer'))
          }),
      )
    const calls = Promise.allSettled([call(), call(), call()])
    await turn(99)
    ends[0]?.()
    ends[2]?.()
    await turn(1)
    expect((await calls).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(signals.map(({ aborted }) => aborted)).toEqual([false, true, false])
    expect(limit.inFlight).toBe(1)
    ends[1]?.()
    await turn()
    expect(limit.inFlight).toBe(0)
  })

  it('is not moved by a wall clock that jumps an hour either way', async () => {
    const { policy, limit } = four()
    let calls = 0
    for (const jump of [3_600_000, -3_600_000]) {
      const late = policy.execute(() => {
        calls++
        return calls % 2 === 1
          ? Promise.reject(new Error('down'))
          : new Promise((resolve) => setTimeout(resolve, 900))
      })
      await turn(20)
      vi.setSystemTime(Date.now() + jump)
      await turn(29)
      expect(calls % 2).toBe(1)
      await turn(901)
      await expect(late).resolves.toBeUndefined()
      expect([limit.inFlight, vi.getTimerCount()]).toEqual([0, 0])
    }
  })
})

describe("the caller's abort", () => {
  const rejects = (call: Promise<unknown>) =>
    expect(call).rejects.toMatchObject({ code: 'ABORTED', cause: 'enough' })

  it.each(['queued', 'running', 'backing off', 'running again'])(
    'while the call is %s is heard at once and counted against nobody',
    async (phase) => {
      const { policy, breaker, limit } = four()
      const controller = new AbortController()
      let end = (): void => {}
      const hold = () =>
        new Promise<void>((resolve) => {
          end = resolve
        })
      const other = phase === 'queued' ? limit.execute(hold) : undefined
      let calls = 0
      const work = vi.fn(() => {
        const failsNow = ++calls === 1 && (phase === 'backing off' || phase === 'running again')
        return failsNow ? Promise.reject(new Error('down')) : hold()
      })
      const call = policy.execute(work, { signal: controller.signal })
      const rejected = rejects(call)
      await turn(phase === 'running again' ? 60 : 10)
      const before = { calls: work.mock.calls.length, counts: breaker.counts }
      controller.abort('enough')
      await rejected
      end()
      await turn(5_000)
      await other
      expect({ calls: work.mock.calls.length, counts: breaker.counts }).toEqual(before)
      expect([limit.inFlight, limit.queued, vi.getTimerCount()]).toEqual([0, 0, 0])
      expect(before.calls).toBe({ queued: 0, running: 1, 'backing off': 1, 'running again': 2 }[phase])
    },
  )
})
