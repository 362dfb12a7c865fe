import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { circuitBreaker } from './circuit-breaker/circuit-breaker.js'
import { adaptiveConcurrency } from './concurrency/adaptive-concurrency.js'
import type { AdaptiveConcurrency } from './concurrency/adaptive-concurrency-interface.js'
import { type Bulkhead, bulkhead } from './concurrency/bulkhead.js'
import { Execution } from './kernel/execution.js'
import { rateLimit } from './rate-limit/rate-limit.js'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const down = async (): Promise<never> => {
  throw new Error('down')
}
const well = async (): Promise<string> => 'well'

describe('a circuit breaker in shadow', () => {
  const options = { minimumCalls: 2, openMs: 1_000, random: () => 0, outageMs: false } as const

  it('opens, lets every call through, and counts none that it would have refused', async () => {
    const breaker = circuitBreaker({ ...options, shadow: true })
    const [opened, rejected, shadowed] = [vi.fn(), vi.fn(), vi.fn()]
    breaker.on('open', opened)
    breaker.on('reject', rejected)
    breaker.on('shadowReject', shadowed)
    for (let call = 0; call < 2; call++) await breaker.execute(down).catch(() => {})
    expect([breaker.state, breaker.refuses, breaker.retryAfterMs]).toEqual(['open', false, undefined])
    const counted = breaker.counts
    await expect(breaker.execute(down)).rejects.toThrow('down')
    await expect(breaker.execute(well)).resolves.toBe('well')
    expect(breaker.counts).toEqual(counted)
    expect(shadowed.mock.calls.map(([{ retryAfterMs }]) => retryAfterMs)).toEqual([1_000, 1_000])
    expect(opened).toHaveBeenCalledOnce()
    expect(rejected).not.toHaveBeenCalled()
  })

  it('is closed by the probe alone, as a real one would be', async () => {
    const breaker = circuitBreaker({ ...options, shadow: true })
    for (let call = 0; call < 2; call++) await breaker.execute(down).catch(() => {})
    vi.advanceTimersByTime(1_000)
    let end = (): void => {}
    const probe = breaker.execute(() => new Promise<void>((resolve) => (end = resolve)))
    await expect(breaker.execute(well)).resolves.toBe('well')
    expect(breaker.state).toBe('halfOpen')
    end()
    await probe
    expect(breaker.state).toBe('closed')
  })

  it('refuses from then on when it is switched on, and refuses no more when it is put in shadow', async () => {
    const breaker = circuitBreaker({ ...options, shadow: true })
    for (let call = 0; call < 2; call++) await breaker.execute(down).catch(() => {})
    breaker.update({ shadow: false })
    await expect(breaker.execute(well)).rejects.toMatchObject({ code: 'CIRCUIT_OPEN' })
    breaker.update({ shadow: true })
    await expect(breaker.execute(well)).resolves.toBe('well')
    expect(breaker.shadow).toBe(true)
  })

  it('is isolated by hand all the same', async () => {
    const breaker = circuitBreaker({ shadow: true })
    breaker.isolate()
    expect(breaker.refuses).toBe(true)
    await expect(breaker.execute(well)).rejects.toMatchObject({ code: 'CIRCUIT_OPEN' })
    breaker.reset()
    await expect(breaker.execute(well)).resolves.toBe('well')
  })
})

const makers: readonly (readonly [string, () => Bulkhead | AdaptiveConcurrency])[] = [
  ['a bulkhead', () => bulkhead({ maxConcurrent: 2, maxQueue: 1, queueTimeoutMs: 5, shadow: true })],
  [
    'an adaptive limit',
    () => adaptiveConcurrency({ maxLimit: 2, maxQueue: 1, maxQueueWaitMs: 5, shadow: true }),
  ],
]

describe.each(makers)('%s in shadow', (_, make) => {
  it('has nobody wait, counts all, and says what it would have done', async () => {
    const limit = make() as Bulkhead
    const [rejected, reasons] = [vi.fn(), [] as string[]]
    limit.on('reject', rejected)
    limit.on('shadowReject', ({ reason }) => reasons.push(reason))
    const ends: (() => void)[] = []
    const work = () => new Promise<void>((resolve) => ends.push(resolve))
    const calls = Array.from({ length: 5 }, () => limit.execute(work))
    await vi.advanceTimersByTimeAsync(100)
    expect([ends.length, limit.inFlight, limit.queued]).toEqual([5, 5, 0])
    expect(reasons).toEqual(['queued', 'queue full', 'queue full'])
    const retry = Execution.start(() => {})
    retry.attempt = 2
    await limit.acquire(retry)
    expect(reasons.at(-1)).toBe('no free permit')
    limit.release(retry, retry.lingered)
    for (const end of ends) end()
    await Promise.all(calls)
    expect([limit.inFlight, rejected.mock.calls.length]).toEqual([0, 0])
  })

  it('lets those go on who wait when it is put in shadow, and holds to the limit when it is real again', async () => {
    const limit = make()
    limit.update({ shadow: false, maxQueue: 10 })
    const ends: (() => void)[] = []
    const work = () => new Promise<void>((resolve) => ends.push(resolve))
    const calls = Array.from({ length: 4 }, () => limit.execute(work))
    expect([limit.inFlight, limit.queued]).toEqual([2, 2])
    limit.update({ shadow: true })
    await vi.advanceTimersByTimeAsync(0)
    expect([ends.length, limit.inFlight, limit.queued]).toEqual([4, 4, 0])
    limit.update({ shadow: false })
    calls.push(limit.execute(work))
    for (const end of ends.splice(0, 2)) end()
    await vi.advanceTimersByTimeAsync(0)
    expect([limit.inFlight, limit.queued]).toEqual([2, 1])
    ends[0]?.()
    await vi.advanceTimersByTimeAsync(0)
    expect([limit.inFlight, limit.queued, ends.length]).toEqual([2, 0, 3])
    for (const end of ends) end()
    await Promise.all(calls)
    expect(limit.inFlight).toBe(0)
  })
})

describe('a rate limit in shadow', () => {
  it('has nobody wait, and says whom it would have refused', async () => {
    const limit = rateLimit({ limit: 2, intervalMs: 1_000, maxQueue: 1, shadow: true })
    const [rejected, shadowed] = [vi.fn(), vi.fn()]
    limit.on('reject', rejected)
    limit.on('shadowReject', shadowed)
    const outcomes = await Promise.all(Array.from({ length: 6 }, () => limit.execute(well)))
    expect(new Set(outcomes)).toEqual(new Set(['well']))
    await vi.advanceTimersByTimeAsync(1)
    expect(shadowed).toHaveBeenCalledTimes(3)
    expect(shadowed.mock.calls[0]?.[0]).toMatchObject({ reason: 'queue full' })
    await vi.advanceTimersByTimeAsync(1_000)
    expect(limit.queued).toBe(0)
    expect(rejected).not.toHaveBeenCalled()
    limit.close()
  })

  it('goes on counting for real when it is switched on', async () => {
    const limit = rateLimit({ limit: 2, intervalMs: 1_000, maxQueue: 0, shadow: true })
    for (let call = 0; call < 4; call++) {
      await limit.execute(well)
      await vi.advanceTimersByTimeAsync(5)
    }
    limit.update({ shadow: false })
    await expect(limit.execute(well)).rejects.toMatchObject({ code: 'RATE_LIMITED' })
    await vi.advanceTimersByTimeAsync(1_001)
    const next = limit.execute(well)
    await vi.advanceTimersByTimeAsync(5)
    await expect(next).resolves.toBe('well')
    limit.close()
  })
})
