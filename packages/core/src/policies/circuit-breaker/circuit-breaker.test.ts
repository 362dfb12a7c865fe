import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { AbortedError, ConnectFailedError, HttpError } from '../../foundation/errors/index.js'
import { compose } from '../kernel/compose.js'
import { timeout } from '../timeout/timeout.js'
import { circuitBreaker } from './circuit-breaker.js'
import type { CircuitBreaker } from './circuit-breaker-interface.js'
import type { CircuitBreakerOptions } from './options.js'

const turn = (ms = 0) => vi.advanceTimersByTimeAsync(ms)
const fail = (breaker: CircuitBreaker, error: unknown = new Error('down')) =>
  breaker.execute(() => Promise.reject(error)).catch((caught) => caught)
const succeed = (breaker: CircuitBreaker) => breaker.execute(async () => 'well')

async function failTimes(breaker: CircuitBreaker, times: number, error?: unknown): Promise<void> {
  for (let n = 0; n < times; n++) await fail(breaker, error)
}

/** A breaker whose chance is always 0: it opens for exactly `openMs`. */
function exact(options: CircuitBreakerOptions = {}): CircuitBreaker {
  return circuitBreaker({ random: () => 0, ...options })
}

/** Opens `breaker` and waits until it is half open. */
async function halfOpen(breaker: CircuitBreaker): Promise<void> {
  await failTimes(breaker, 20)
  await turn(1_000)
  expect(breaker.state).toBe('halfOpen')
}

/** A call that settles when it is told to. */
function pending(breaker: CircuitBreaker) {
  let settle = { resolve: (_: unknown): void => {}, reject: (_: unknown): void => {} }
  const call = breaker.execute(
    () =>
      new Promise((resolve, reject) => {
        settle = { resolve, reject }
      }),
  )
  call.catch(() => {})
  return { call, ...settle }
}

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

describe('a closed breaker', () => {
  it('opens at the ratio of failures, with at least minimumCalls settled', async () => {
    const breaker = exact()
    await succeed(breaker)
    await succeed(breaker)
    await failTimes(breaker, 17)
    expect([breaker.state, breaker.counts]).toEqual(['closed', { successes: 2, failures: 17 }])
    await fail(breaker)
    expect(breaker.state).toBe('open')
  })

  it('stays closed below the ratio', async () => {
    const breaker = exact()
    for (let n = 0; n < 3; n++) await succeed(breaker)
    await failTimes(breaker, 26)
    expect(breaker.state).toBe('closed')
    await fail(breaker)
    expect(breaker.state).toBe('open')
  })

  it('opens at a ratio that binary fractions miss', async () => {
    const breaker = exact({ failureRatio: 0.56, minimumCalls: 25 })
    for (let n = 0; n < 11; n++) await succeed(breaker)
    await failTimes(breaker, 14)
    expect(breaker.state).toBe('open')
  })

  it('counts settled calls only: a black hole opens it after minimumCalls, not later', async () => {
    const breaker = exact()
    const call = () =>
      compose(breaker, timeout({ timeoutMs: 100, scope: 'attempt' })).execute(() => new Promise(() => {}))
    const calls = Promise.allSettled(Array.from({ length: 20 }, call))
    for (let n = 0; n < 20; n++) void call().catch(() => {})
    await turn(100)
    await calls
    expect(breaker.state).toBe('open')
  })

  it('forgets what is older than the window', async () => {
    const breaker = exact({ windowMs: 1_000 })
    await failTimes(breaker, 19)
    await turn(999)
    expect(breaker.counts.failures).toBe(19)
    await turn(1)
    expect(breaker.counts.failures).toBe(0)
    await fail(breaker)
    expect(breaker.state).toBe('closed')
  })

  it('opens after connection failures in a row', async () => {
    const refused = new ConnectFailedError('refused', 'refused')
    const breaker = exact()
    await failTimes(breaker, 4, refused)
    await succeed(breaker)
    await failTimes(breaker, 4, refused)
    await fail(breaker)
    await failTimes(breaker, 4, refused)
    expect(breaker.state).toBe('closed')
    await fail(breaker, refused)
    expect(breaker.state).toBe('open')
    const without = exact({ connectionFailures: false })
    await failTimes(without, 19, refused)
    expect(without.state).toBe('closed')
  })

  it('counts a slow success as a failure', async () => {
    const breaker = exact({ slowCallMs: 100, minimumCalls: 2 })
    const take = (ms: number) => breaker.execute(() => new Promise((resolve) => setTimeout(resolve, ms)))
    for (const ms of [100, 101, 101]) {
      const call = take(ms)
      await turn(ms)
      await call
    }
    expect(breaker.counts).toEqual({ successes: 1, failures: 2 })
  })

  it('is not moved by neutral outcomes', async () => {
    const breaker = exact({ minimumCalls: 1 })
    await failTimes(breaker, 50, new AbortedError())
    await failTimes(breaker, 50, new DOMException('stop', 'AbortError'))
    const notFound = new HttpError('404', { status: 404, headers: {}, body: '', declared: false })
    await failTimes(breaker, 3, notFound)
    expect([breaker.state, breaker.counts]).toEqual(['closed', { successes: 3, failures: 0 }])
  })

  it('takes the verdict of classify', async () => {
    const classify = vi.fn(() => 'connection' as const)
    const breaker = exact({ classify, connectionFailures: 2 })
    await failTimes(breaker, 2, 'odd')
    expect(breaker.state).toBe('open')
    expect(classify).toHaveBeenCalledWith('odd', expect.objectContaining({ attempt: 1 }))
  })
})

describe('an open breaker', () => {
  it('refuses without calling, and says for how long', async () => {
    const breaker = exact()
    const rejected = vi.fn()
    breaker.on('reject', rejected)
    await failTimes(breaker, 20)
    await turn(400)
    const work = vi.fn()
    await expect(breaker.execute(work)).rejects.toMatchObject({
      code: 'CIRCUIT_OPEN',
      retryAfterMs: 600,
      message: 'the circuit is open; it lets a probe through in 600 ms',
    })
    expect(work).not.toHaveBeenCalled()
    expect(rejected).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ retryAfterMs: 600 }))
  })

  it.each([
    [0, [1_000, 2_000, 2_500, 2_500, 2_500]],
    [0.5, [1_500, 3_000, 3_750, 3_750, 3_750]],
    [1, [2_000, 4_000, 5_000, 5_000, 5_000]],
  ])('opens for longer each time its probe fails, up to maxOpenMs (chance %d)', async (chance, expected) => {
    const breaker = exact({ random: () => chance })
    const durations: number[] = []
    breaker.on('open', ({ openMs }) => durations.push(openMs))
    await failTimes(breaker, 20)
    for (const duration of expected.slice(0, -1)) {
      await turn(duration - 1)
      expect(breaker.state).toBe('open')
      await turn(1)
      expect(breaker.state).toBe('halfOpen')
      await fail(breaker)
    }
    expect(durations).toEqual(expected)
  })

  it('opens when for outageMs nothing but failures has settled, whatever the window holds', async () => {
    const breaker = exact({ outageMs: 2_000 })
    for (let call = 0; call < 1_000; call++) await breaker.execute(async () => 'well')
    await failTimes(breaker, 19)
    await turn(1_999)
    await fail(breaker)
    expect(breaker.state).toBe('closed')
    await turn(1)
    await fail(breaker)
    expect(breaker.state).toBe('open')
  })

  it('takes a single success for a sign of life', async () => {
    const breaker = exact({ outageMs: 2_000 })
    for (let call = 0; call < 1_000; call++) await breaker.execute(async () => 'well')
    await failTimes(breaker, 19)
    await turn(1_999)
    await breaker.execute(async () => 'well')
    await turn(1)
    await failTimes(breaker, 19)
    expect(breaker.state).toBe('closed')
  })

  it('begins again with openMs after it has closed', async () => {
    const breaker = exact()
    const durations: number[] = []
    breaker.on('open', ({ openMs }) => durations.push(openMs))
    await halfOpen(breaker)
    await fail(breaker)
    await turn(2_000)
    await succeed(breaker)
    await failTimes(breaker, 20)
    expect(durations).toEqual([1_000, 2_000, 1_000])
  })

  it('does not look at the wall clock', async () => {
    const breaker = exact()
    await failTimes(breaker, 20)
    vi.setSystemTime(Date.now() + 3_600_000)
    expect(breaker.state).toBe('open')
    await expect(succeed(breaker)).rejects.toMatchObject({ retryAfterMs: 1_000 })
    vi.setSystemTime(Date.now() - 7_200_000)
    await turn(1_000)
    await succeed(breaker)
    expect(breaker.state).toBe('closed')
    await failTimes(breaker, 19)
    vi.setSystemTime(Date.now() + 3_600_000)
    expect(breaker.counts.failures).toBe(19)
  })
})

describe('a half-open breaker', () => {
  it('lets one probe through, and closes with its success and nothing counted', async () => {
    const breaker = exact()
    const events: string[] = []
    for (const name of ['open', 'halfOpen', 'close'] as const) breaker.on(name, () => events.push(name))
    await halfOpen(breaker)
    const probe = pending(breaker)
    await expect(succeed(breaker)).rejects.toMatchObject({
      code: 'CIRCUIT_OPEN',
      retryAfterMs: 0,
      message: 'the circuit is half open and its probe has not settled',
    })
    probe.resolve('well')
    await probe.call
    expect([breaker.state, breaker.counts]).toEqual(['closed', { successes: 0, failures: 0 }])
    expect(events).toEqual(['open', 'halfOpen', 'close'])
    expect(vi.getTimerCount()).toBe(0)
  })

  it('gives the place of a neutral probe to the next call', async () => {
    const breaker = exact()
    await halfOpen(breaker)
    await fail(breaker, new AbortedError())
    expect(breaker.state).toBe('halfOpen')
    await succeed(breaker)
    expect(breaker.state).toBe('closed')
  })

  it('replaces a probe that never settles', async () => {
    const breaker = exact({ probeTimeoutMs: 500 })
    await halfOpen(breaker)
    pending(breaker)
    await turn(500)
    await expect(succeed(breaker)).rejects.toMatchObject({ code: 'CIRCUIT_OPEN' })
    await turn(1)
    await succeed(breaker)
    expect(breaker.state).toBe('closed')
  })

  it.each([new AbortedError(), new Error('down')])(
    'does not hear what a replaced probe says: %o',
    async (outcome) => {
      const breaker = exact({ probeTimeoutMs: 500 })
      await halfOpen(breaker)
      const replaced = pending(breaker)
      await turn(501)
      const probe = pending(breaker)
      replaced.reject(outcome)
      await turn()
      expect(breaker.state).toBe('halfOpen')
      await expect(succeed(breaker)).rejects.toMatchObject({ code: 'CIRCUIT_OPEN' })
      probe.resolve('well')
      await turn()
      expect(breaker.state).toBe('closed')
    },
  )

  it('fails by a slow probe', async () => {
    const breaker = exact({ slowCallMs: 100 })
    await halfOpen(breaker)
    const probe = pending(breaker)
    await turn(101)
    probe.resolve('at last')
    await probe.call
    expect(breaker.state).toBe('open')
  })
})

describe('what began before a transition', () => {
  it.each(['resolve', 'reject'] as const)('does not count after it (%s)', async (outcome) => {
    const breaker = exact()
    const before = pending(breaker)
    await failTimes(breaker, 20)
    before[outcome](new Error('old'))
    await turn()
    expect(breaker.state).toBe('open')
    const stale = Array.from({ length: 5 }, () => before)
    await turn(1_000)
    for (const one of stale) one[outcome](new Error('old'))
    await turn()
    expect(breaker.state).toBe('halfOpen')
  })

  it('does not close a half-open breaker in the place of its probe', async () => {
    const breaker = exact()
    const before = pending(breaker)
    await halfOpen(breaker)
    before.resolve('old')
    await turn()
    expect(breaker.state).toBe('halfOpen')
  })

  it('does not count in the window of a breaker that has closed again', async () => {
    const breaker = exact()
    const before = pending(breaker)
    await halfOpen(breaker)
    await succeed(breaker)
    before.reject(new Error('old'))
    await turn()
    expect(breaker.counts).toEqual({ successes: 0, failures: 0 })
  })
})
