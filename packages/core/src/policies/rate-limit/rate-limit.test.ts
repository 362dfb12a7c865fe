import { AsyncLocalStorage } from 'node:async_hooks'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { compose } from '../kernel/compose.js'
import { timeout } from '../timeout/timeout.js'
import { rateLimit } from './rate-limit.js'
import type { RateLimit } from './rate-limit-interface.js'

const caught = (promise: Promise<unknown>) => promise.catch((error: unknown) => error)
const open: RateLimit[] = []

function limited(options: Parameters<typeof rateLimit>[0]) {
  const policy = rateLimit(options)
  open.push(policy)
  return policy
}

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  for (const policy of open.splice(0)) policy.close()
  vi.useRealTimers()
})

/** Runs `calls` calls now; the moments at which they began, from now. */
function begin(policy: RateLimit, calls: number) {
  const startedAt = performance.now()
  const began: number[] = []
  const order: number[] = []
  const settled = Array.from({ length: calls }, (_, index) =>
    caught(
      policy.execute(() => {
        began.push(performance.now() - startedAt)
        order.push(index)
      }),
    ),
  )
  return { began, order, settled }
}

describe('the quota', () => {
  it('lets so many begin in a window, in the order of their arrival', async () => {
    const { began, order } = begin(limited({ limit: 10, intervalMs: 1000 }), 35)
    await vi.advanceTimersByTimeAsync(900)
    expect(began).toHaveLength(10)
    await vi.advanceTimersByTimeAsync(1000)
    expect(began).toHaveLength(20)
    await vi.advanceTimersByTimeAsync(2000)
    expect(began.map((ms) => Math.floor(ms / 1000))).toEqual([
      ...Array(10).fill(0),
      ...Array(10).fill(1),
      ...Array(10).fill(2),
      ...Array(5).fill(3),
    ])
    expect(order).toEqual(Array.from({ length: 35 }, (_, index) => index))
  })

  it('lets thousands a second through', async () => {
    const { began } = begin(limited({ limit: 5000, intervalMs: 1000, maxQueue: 20_000 }), 12_000)
    await vi.advanceTimersByTimeAsync(1000)
    expect(began).toHaveLength(5000)
    await vi.advanceTimersByTimeAsync(900)
    expect(began).toHaveLength(10_000)
    await vi.advanceTimersByTimeAsync(200)
    expect(began).toHaveLength(12_000)
  })

  it('makes most calls wait for nothing at all', async () => {
    const policy = limited({ limit: 100, intervalMs: 1000 })
    const first = begin(policy, 1)
    await vi.advanceTimersByTimeAsync(5)
    expect(first.began).toHaveLength(1)
    const { settled } = begin(policy, 9)
    // No timer has passed.
    await Promise.all(settled)
  })

  it('does not carry over what a window has left', async () => {
    const policy = limited({ limit: 10, intervalMs: 1000 })
    begin(policy, 1)
    await vi.advanceTimersByTimeAsync(5500)
    const { began } = begin(policy, 30)
    await vi.advanceTimersByTimeAsync(400)
    expect(began).toHaveLength(10)
  })

  it('does not look at the wall clock', async () => {
    const policy = limited({ limit: 10, intervalMs: 1000 })
    const { began } = begin(policy, 40)
    await vi.advanceTimersByTimeAsync(100)
    expect(began).toHaveLength(10)
    vi.setSystemTime(Date.now() + 3_600_000)
    await vi.advanceTimersByTimeAsync(800)
    expect(began).toHaveLength(10)
    await vi.advanceTimersByTimeAsync(200)
    expect(began).toHaveLength(20)
    vi.setSystemTime(Date.now() - 7_200_000)
    await vi.advanceTimersByTimeAsync(1000)
    expect(began).toHaveLength(30)
  })

  it('is never exceeded in a window, serves in order and loses no permit, whatever arrives and leaves', async () => {
    const arrival = fc.record({
      after: fc.integer({ min: 0, max: 60 }),
      abortAfter: fc.option(fc.integer({ min: 0, max: 300 }), { freq: 3 }),
    })
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 12 }),
        fc.array(arrival, { minLength: 1, maxLength: 60 }),
        async (limit, arrivals) => {
          const policy = limited({ limit, intervalMs: 100 })
          const began: { index: number; at: number }[] = []
          const settled: Promise<unknown>[] = []
          const startedAt = performance.now()
          for (const [index, { after, abortAfter }] of arrivals.entries()) {
            await vi.advanceTimersByTimeAsync(index === 0 ? 0 : after)
            const controller = new AbortController()
            if (abortAfter !== null) setTimeout(() => controller.abort(), abortAfter)
            const begin = () => began.push({ index, at: performance.now() - startedAt })
            settled.push(caught(policy.execute(begin, { signal: controller.signal })))
          }
          await vi.advanceTimersByTimeAsync((arrivals.length / limit + 10) * 100)
          await Promise.all(settled)
          const windows = groupByWindow(began)
          for (const calls of windows.values()) expect(calls.length).toBeLessThanOrEqual(limit)
          expect(began.map(({ index }) => index)).toEqual(
            began.map(({ index }) => index).toSorted((a, b) => a - b),
          )
          const patient = arrivals.flatMap(({ abortAfter }, index) => (abortAfter === null ? [index] : []))
          expect(began.map(({ index }) => index)).toEqual(expect.arrayContaining(patient))
          expect(policy.queued).toBe(0)
        },
      ),
      { numRuns: 100 },
    )
  })
})

function groupByWindow(began: { at: number }[]) {
  const windows = new Map<number, { at: number }[]>()
  for (const call of began) {
    const window = Math.floor(call.at / 100)
    windows.set(window, [...(windows.get(window) ?? []), call])
  }
  return windows
}

describe('the queue', () => {
  it('is left at once when the caller aborts, and the turn goes to the next', async () => {
    const policy = limited({ limit: 1, intervalMs: 1000 })
    begin(policy, 1)
    await vi.advanceTimersByTimeAsync(5)
    const controller = new AbortController()
    const aborted = caught(policy.execute(() => 'never', { signal: controller.signal }))
    const next = begin(policy, 1)
    expect(policy.queued).toBe(2)
    controller.abort()
    expect(policy.queued).toBe(1)
    expect(await aborted).toMatchObject({ code: 'ABORTED' })
    await vi.advanceTimersByTimeAsync(1010)
    expect(next.began).toHaveLength(1)
  })

  it('leaves no timer behind when the last one leaves', async () => {
    const policy = limited({ limit: 1, intervalMs: 60_000 })
    begin(policy, 1)
    await vi.advanceTimersByTimeAsync(5)
    const controller = new AbortController()
    const aborted = caught(policy.execute(() => 'never', { signal: controller.signal }))
    await vi.advanceTimersByTimeAsync(50)
    expect(vi.getTimerCount()).toBe(1)
    controller.abort()
    await aborted
    expect(vi.getTimerCount()).toBe(0)
  })

  it('has a bound', async () => {
    const policy = limited({ limit: 5, intervalMs: 1000, maxQueue: 2 })
    const { began, settled } = begin(policy, 10)
    await vi.advanceTimersByTimeAsync(50)
    expect(began).toHaveLength(5)
    const error = await settled[7]
    expect(error).toMatchObject({ code: 'RATE_LIMITED', phase: 'queued', retryable: true })
    expect((error as { message: string }).message).toMatch(/^queue full: 5 calls in 1000 ms/)
    expect(policy.queued).toBe(2)
    await vi.advanceTimersByTimeAsync(1000)
    expect(began).toHaveLength(7)
  })

  it('may be none', async () => {
    const policy = limited({ limit: 3, intervalMs: 1000, maxQueue: 0 })
    const { began, settled } = begin(policy, 4)
    await vi.advanceTimersByTimeAsync(10)
    expect(began).toHaveLength(3)
    expect(await settled[3]).toMatchObject({ code: 'RATE_LIMITED' })
    expect(await caught(policy.execute(() => 'again'))).toMatchObject({ code: 'RATE_LIMITED' })
  })

  it('refuses at once who cannot have a turn before the deadline', async () => {
    const policy = limited({ limit: 1, intervalMs: 1000 })
    const rejected: unknown[] = []
    policy.on('reject', ({ reason, retryAfterMs }) => rejected.push([reason, retryAfterMs]))
    begin(policy, 1)
    await vi.advanceTimersByTimeAsync(5)
    const within = (timeoutMs: number) =>
      caught(compose(timeout({ timeoutMs }), policy).execute(() => 'turn'))
    const early = within(500)
    await vi.advanceTimersByTimeAsync(5)
    expect(await early).toMatchObject({ code: 'RATE_LIMITED' })
    // Now that the window is known to be used up, nobody even joins the queue.
    const error = await within(900)
    expect(error).toMatchObject({ code: 'RATE_LIMITED', retryAfterMs: 990 })
    const patient = within(1500)
    expect(await within(1500)).toMatchObject({ code: 'RATE_LIMITED', retryAfterMs: 1990 })
    await vi.advanceTimersByTimeAsync(1010)
    expect(await patient).toBe('turn')
    expect(rejected).toHaveLength(3)
  })

  it('refuses at once who cannot have a turn within maxWaitMs, and never keeps anybody longer', async () => {
    const policy = limited({ limit: 2, intervalMs: 1000, maxWaitMs: 300 })
    const { began, settled } = begin(policy, 3)
    await vi.advanceTimersByTimeAsync(10)
    expect(began).toHaveLength(2)
    const error = await settled[2]
    expect(error).toMatchObject({ code: 'RATE_LIMITED' })
    expect((error as { retryAfterMs: number }).retryAfterMs).toBeGreaterThan(900)
    await vi.advanceTimersByTimeAsync(700)
    const patient = begin(policy, 1)
    await vi.advanceTimersByTimeAsync(300)
    expect(patient.began).toHaveLength(1)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('resumes each call in its own context', async () => {
    const storage = new AsyncLocalStorage<number>()
    const policy = limited({ limit: 2, intervalMs: 1000 })
    const seen: (number | undefined)[] = []
    for (let index = 0; index < 5; index++) {
      void storage.run(index, () => policy.execute(() => seen.push(storage.getStore())))
    }
    await vi.advanceTimersByTimeAsync(3000)
    expect(seen).toEqual([0, 1, 2, 3, 4])
  })

  it('keeps the context of no call for what serves them all', async () => {
    const storage = new AsyncLocalStorage<string>()
    const policy = limited({ limit: 1, intervalMs: 1000, maxWaitMs: 100 })
    const seen: (string | undefined)[] = []
    policy.on('reject', () => seen.push(storage.getStore()))
    const calls = storage.run('the first caller', () => begin(policy, 2))
    await vi.advanceTimersByTimeAsync(10)
    expect(calls.began).toHaveLength(1)
    expect(seen).toEqual([undefined])
  })
})

describe('close', () => {
  it('refuses who waits and who comes, and stops the timer', async () => {
    const policy = limited({ limit: 1, intervalMs: 1000 })
    const { settled } = begin(policy, 2)
    await vi.advanceTimersByTimeAsync(5)
    policy.close()
    policy.close()
    expect(await settled[1]).toMatchObject({ code: 'CLOSED' })
    expect(await caught(policy.execute(() => 'late'))).toMatchObject({ code: 'CLOSED' })
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('options', () => {
  const redis = (options: object) => ({ limit: 1, intervalMs: 1000, redis: { key: 'quota', ...options } })
  const url = 'redis://127.0.0.1:1'

  it.each([
    [undefined, /must be an object of options/],
    [{}, /limit: is missing.*intervalMs: is missing/],
    [{ limit: 0, intervalMs: 10 }, /limit: must be a whole number.*intervalMs: must be at least 100/],
    [{ limit: 1, intervalMs: 1000, maxQueue: -1, maxWaitMs: 0 }, /maxQueue: must be.*maxWaitMs: must be/],
    [{ limit: 1, intervalMs: 1000, interval: 1 }, /interval: is not an option/],
    [redis({}), /redis: needs a client or a url/],
    [redis({ url, key: '' }), /redis.key: must be a name/],
    [redis({ url, client: { duplicate() {} } }), /redis.client: contradicts redis.url/],
    [redis({ client: {} }), /redis.client: must be an ioredis client/],
    [redis({ client: { duplicate() {}, isCluster: true } }), /redis.client: is a Redis Cluster/],
    [redis({ url: 'http://:secret@127.0.0.1' }), /redis.url: must be a redis: or rediss: URL$/],
    [redis({ url, emergencyRatio: 0.5, emergencyLimit: 2 }), /redis.emergencyRatio: contradicts/],
    [
      redis({ url, emergencyRatio: 0, timeoutMs: -1 }),
      /redis.timeoutMs: must be.*redis.emergencyRatio: must be/,
    ],
    [redis({ url, timeout: 1 }), /redis.timeout: is not an option; did you mean/],
  ])('refuses %j', (options, message) => {
    expect(() => rateLimit(options as never)).toThrow(message)
  })
})
