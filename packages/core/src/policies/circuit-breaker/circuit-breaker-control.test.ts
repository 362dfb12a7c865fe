import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { circuitBreaker } from './circuit-breaker.js'
import type { CircuitBreaker } from './circuit-breaker-interface.js'

const turn = (ms = 0) => vi.advanceTimersByTimeAsync(ms)
const fail = (breaker: CircuitBreaker) =>
  breaker.execute(() => Promise.reject(new Error('down'))).catch((error) => error)

async function open(breaker: CircuitBreaker): Promise<void> {
  for (let n = 0; n < 20; n++) await fail(breaker)
  expect(breaker.state).toBe('open')
}

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

describe('isolate and reset', () => {
  it('refuse every call until reset, whatever the time', async () => {
    const breaker = circuitBreaker()
    breaker.isolate()
    breaker.isolate()
    await turn(3_600_000)
    expect(breaker.state).toBe('isolated')
    await expect(breaker.execute(() => 1)).rejects.toMatchObject({
      code: 'CIRCUIT_OPEN',
      message: 'the circuit is isolated',
      retryAfterMs: undefined,
    })
    breaker.reset()
    await expect(breaker.execute(() => 1)).resolves.toBe(1)
  })

  it('stay isolated while an open breaker becomes half open underneath', async () => {
    const breaker = circuitBreaker()
    await open(breaker)
    breaker.isolate()
    await turn(60_000)
    expect(breaker.state).toBe('isolated')
    await expect(breaker.execute(() => 1)).rejects.toMatchObject({ code: 'CIRCUIT_OPEN' })
    breaker.reset()
    expect(breaker.state).toBe('closed')
  })

  it('do not count a call in flight', async () => {
    const breaker = circuitBreaker({ minimumCalls: 1 })
    let reject = (_: Error): void => {}
    const call = breaker.execute(
      () =>
        new Promise((_, no) => {
          reject = no
        }),
    )
    breaker.isolate()
    breaker.reset()
    reject(new Error('old'))
    await expect(call).rejects.toThrow('old')
    expect([breaker.state, breaker.counts.failures]).toEqual(['closed', 0])
  })

  it('reset closes an open breaker, stops its timer and forgets', async () => {
    const breaker = circuitBreaker()
    const closed = vi.fn()
    breaker.on('close', closed)
    await open(breaker)
    breaker.reset()
    expect([breaker.state, breaker.counts.failures, vi.getTimerCount()]).toEqual(['closed', 0, 0])
    breaker.reset()
    expect(closed).toHaveBeenCalledOnce()
  })
})

describe('shutdown', () => {
  it.each(['closed', 'open', 'halfOpen', 'isolated'])(
    'of a breaker that is %s lets every call through',
    async (state) => {
      const breaker = circuitBreaker({ random: () => 0 })
      if (state === 'isolated') breaker.isolate()
      else if (state !== 'closed') await open(breaker)
      if (state === 'halfOpen') await turn(1_000)
      expect(breaker.state).toBe(state)
      breaker.shutdown()
      expect([vi.getTimerCount(), breaker.state]).toEqual([0, 'closed'])
      for (let n = 0; n < 30; n++) await fail(breaker)
      await expect(breaker.execute(() => 1)).resolves.toBe(1)
      expect(vi.getTimerCount()).toBe(0)
    },
  )

  it('leaves no listener on the opossum instance', () => {
    const breaker = circuitBreaker()
    breaker.opossum.on('success', () => {})
    breaker.shutdown()
    expect(breaker.opossum.eventNames()).toEqual([])
  })
})

describe('admit, succeeded and failed', () => {
  it('drive the breaker without execute', async () => {
    const breaker = circuitBreaker({ minimumCalls: 2, random: () => 0 })
    const execution = {} as never
    expect(breaker.timed).toBe(false)
    const tickets = [1, 2].map(() => breaker.admit(execution))
    for (const ticket of tickets) breaker.failed(ticket, new Error('down'), execution, 0)
    expect(() => breaker.admit(execution)).toThrow(expect.objectContaining({ code: 'CIRCUIT_OPEN' }))
    await turn(1_000)
    breaker.succeeded(breaker.admit(execution), 'well', 0, performance.now())
    expect(breaker.state).toBe('closed')
    expect(circuitBreaker({ slowCallMs: 1 }).timed).toBe(true)
  })
})

describe('listeners of a breaker', () => {
  it('that throw or reject change nothing', async () => {
    vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
    const breaker = circuitBreaker({ random: () => 0 })
    for (const name of ['open', 'halfOpen', 'close', 'reject'] as const) {
      breaker.on(name, () => {
        throw new Error('listener')
      })
      breaker.on(name, async () => {
        throw new Error('listener')
      })
    }
    await open(breaker)
    await expect(breaker.execute(() => 1)).rejects.toMatchObject({ code: 'CIRCUIT_OPEN' })
    await turn(1_000)
    await expect(breaker.execute(() => 1)).resolves.toBe(1)
    expect(breaker.state).toBe('closed')
  })
})

describe('the options of a breaker', () => {
  it('are refused all at once', () => {
    const wrong = {
      failureRatio: 0,
      minimumCalls: 0,
      windowMs: 99,
      connectionFailures: 0,
      openMs: 10,
      maxOpenMs: 5,
      slowCallMs: 0,
      probeTimeoutMs: -1,
      classify: 1,
      name: 7,
      random: 'x',
      failureRate: 1,
    }
    const error = (() => {
      try {
        return circuitBreaker(wrong as never)
      } catch (caught) {
        return caught as { problems: { path: string }[] }
      }
    })() as { problems: { path: string }[] }
    expect(error.problems.map(({ path }) => path).sort()).toEqual(
      Object.keys(wrong)
        .filter((name) => name !== 'maxOpenMs')
        .sort(),
    )
    expect(error).toHaveProperty('message', expect.stringContaining("did you mean 'failureRatio'?"))
  })

  it('take openMs above the default of maxOpenMs alone', async () => {
    const breaker = circuitBreaker({ openMs: 20_000, random: () => 0 })
    const opened = vi.fn()
    breaker.on('open', opened)
    await open(breaker)
    expect(opened).toHaveBeenCalledWith({ openMs: 20_000, failures: 20, successes: 0 })
  })
})

describe('for whoever chooses among several', () => {
  it('says whether it would refuse, and for how long', async () => {
    const breaker = circuitBreaker({ openMs: 1_000, random: () => 0 })
    expect([breaker.refuses, breaker.retryAfterMs]).toEqual([false, undefined])
    await open(breaker)
    expect([breaker.refuses, breaker.retryAfterMs]).toEqual([true, 1_000])
    await turn(400)
    expect([breaker.refuses, breaker.retryAfterMs]).toEqual([true, 600])
    await turn(600)
    expect([breaker.state, breaker.refuses, breaker.retryAfterMs]).toEqual(['halfOpen', false, undefined])
    let resolve = (_: unknown): void => {}
    const probe = breaker.execute(
      () =>
        new Promise((done) => {
          resolve = done
        }),
    )
    expect([breaker.refuses, breaker.retryAfterMs]).toEqual([true, 0])
    resolve(1)
    await probe
    expect(breaker.refuses).toBe(false)
    breaker.isolate()
    expect([breaker.refuses, breaker.retryAfterMs]).toEqual([true, undefined])
  })

  it('asks each time how long it may stay open', async () => {
    let maxOpenMs = 60_000
    const breaker = circuitBreaker({ openMs: 1_000, maxOpenMs: () => maxOpenMs, random: () => 0.999 })
    const openings: number[] = []
    breaker.on('open', ({ openMs }) => openings.push(Math.round(openMs / 1_000)))
    await open(breaker)
    for (let probe = 0; probe < 5; probe++) {
      await turn(60_000)
      await fail(breaker)
    }
    maxOpenMs = 5_000
    await turn(60_000)
    await fail(breaker)
    expect(openings).toEqual([2, 4, 8, 16, 32, 60, 5])
  })

  it.each([Number.NaN, 0, -1, Number.POSITIVE_INFINITY])('takes no time of %d', async (maxOpenMs) => {
    const breaker = circuitBreaker({ maxOpenMs: () => maxOpenMs })
    await open(breaker)
    expect(breaker.retryAfterMs).toBeLessThanOrEqual(5_000)
    expect(breaker.retryAfterMs).toBeGreaterThan(0)
  })

  it('probes sooner when asked to, and tells nobody of it', async () => {
    const breaker = circuitBreaker({ openMs: 30_000, maxOpenMs: 60_000, random: () => 0.5 })
    await open(breaker)
    const told: string[] = []
    for (const name of ['open', 'halfOpen', 'close'] as const) {
      breaker.on(name, () => told.push(name))
      breaker.opossum.on(name as 'open', () => told.push(`opossum ${name}`))
    }
    breaker.probeWithin(4_000)
    expect([breaker.state, breaker.retryAfterMs, told]).toEqual(['open', 3_000, []])
    // Neither later than it would be, nor again for the same.
    breaker.probeWithin(5_000)
    expect(breaker.retryAfterMs).toBe(3_000)
    await turn(3_000)
    expect([breaker.state, told]).toEqual([
      'halfOpen',
      expect.arrayContaining(['halfOpen', 'opossum halfOpen']),
    ])
    expect(told).toHaveLength(2)
    expect(vi.getTimerCount()).toBe(0)
    await breaker.execute(() => 1)
    expect(breaker.state).toBe('closed')
  })

  it('probes no sooner while it is closed', () => {
    const breaker = circuitBreaker()
    breaker.probeWithin(1)
    expect(breaker.state).toBe('closed')
    expect(vi.getTimerCount()).toBe(0)
  })
})
