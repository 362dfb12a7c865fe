import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { compose } from '../kernel/compose.js'
import { retry } from '../retry/retry.js'
import { timeout } from '../timeout/timeout.js'
import { type BulkheadRejection, bulkhead } from './bulkhead.js'

interface Job {
  readonly end: (value?: unknown) => void
  readonly fail: (error: unknown) => void
}

/** Work that ends when it is told to, and pays no heed to its signal. */
function stubborn() {
  const jobs: Job[] = []
  const work = (): Promise<unknown> =>
    new Promise((end, fail) => {
      jobs.push({ end, fail })
    })
  return { jobs, work }
}

const turn = (ms = 0) => vi.advanceTimersByTimeAsync(ms)

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

describe('the queue of a bulkhead', () => {
  it('admits in the order of arrival, each when a permit is free', async () => {
    const limit = bulkhead({ maxConcurrent: 2 })
    const { jobs, work } = stubborn()
    const started: number[] = []
    for (let n = 0; n < 5; n++) {
      void limit.execute(() => {
        started.push(n)
        return work()
      })
    }
    expect([limit.inFlight, limit.queued, limit.maxConcurrent]).toEqual([2, 3, 2])
    expect(started).toEqual([0, 1])
    jobs[1]?.end()
    await turn()
    expect(started).toEqual([0, 1, 2])
    jobs[0]?.end()
    jobs[2]?.end()
    await turn()
    expect(started).toEqual([0, 1, 2, 3, 4])
    expect([limit.inFlight, limit.queued]).toEqual([2, 0])
  })

  it('lets nobody overtake who waits', async () => {
    const limit = bulkhead({ maxConcurrent: 1 })
    const { jobs, work } = stubborn()
    const started: string[] = []
    const call = (name: string) =>
      limit.execute(() => {
        started.push(name)
        return work()
      })
    void call('first')
    void call('waited')
    jobs[0]?.end()
    void call('late')
    await turn()
    expect(started).toEqual(['first', 'waited'])
    expect(limit.queued).toBe(1)
  })

  it('refuses at once when it is full, and tells who listens', async () => {
    const limit = bulkhead({ maxConcurrent: 1, maxQueue: 1 })
    const refused: BulkheadRejection['reason'][] = []
    limit.on('reject', ({ reason }) => refused.push(reason))
    const { work } = stubborn()
    void limit.execute(work)
    void limit.execute(work)
    await expect(limit.execute(work)).rejects.toMatchObject({
      code: 'CONCURRENCY_LIMIT',
      phase: 'queued',
      retryable: true,
      message: 'queue full: 1 of 1 permits in use, 1 waiting',
    })
    expect(refused).toEqual(['queue full'])
  })

  it('refuses who waited too long', async () => {
    const limit = bulkhead({ maxConcurrent: 1, queueTimeoutMs: 50 })
    const { jobs, work } = stubborn()
    const running = limit.execute(work)
    const waiting = limit.execute(work)
    const failure = expect(waiting).rejects.toMatchObject({ code: 'CONCURRENCY_LIMIT', phase: 'queued' })
    await turn(50)
    await failure
    expect(limit.queued).toBe(0)
    jobs[0]?.end('done')
    await expect(running).resolves.toBe('done')
    expect([limit.inFlight, jobs.length, vi.getTimerCount()]).toEqual([0, 1, 0])
  })

  it('counts the wait only until the permit comes', async () => {
    const limit = bulkhead({ maxConcurrent: 1, queueTimeoutMs: 50 })
    const { jobs, work } = stubborn()
    void limit.execute(work)
    const second = limit.execute(work)
    await turn(40)
    jobs[0]?.end()
    await turn(1_000)
    jobs[1]?.end('late but in time')
    await expect(second).resolves.toBe('late but in time')
    expect(vi.getTimerCount()).toBe(0)
  })

  it('says only DEADLINE_EXCEEDED when the deadline and the wait run out together', async () => {
    const limit = bulkhead({ maxConcurrent: 1, queueTimeoutMs: 49.5 })
    const rejected = vi.fn()
    limit.on('reject', rejected)
    const { work } = stubborn()
    void limit.execute(work)
    const waiting = compose(timeout({ timeoutMs: 50 }), limit).execute(work)
    const failure = expect(waiting).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED', phase: 'queued' })
    await turn(60)
    await failure
    expect(rejected).not.toHaveBeenCalled()
  })

  it('lets a waiter go the moment its caller gives up, and passes over it', async () => {
    const limit = bulkhead({ maxConcurrent: 1 })
    const { jobs, work } = stubborn()
    const controller = new AbortController()
    void limit.execute(work)
    const gone = limit.execute(work, { signal: controller.signal })
    const next = limit.execute(() => 'next')
    controller.abort()
    await expect(gone).rejects.toMatchObject({ code: 'ABORTED', phase: 'queued' })
    expect(limit.queued).toBe(1)
    jobs[0]?.end()
    await expect(next).resolves.toBe('next')
    expect(jobs).toHaveLength(1)
  })

  it('takes back the permit of a waiter that is aborted as it is admitted', async () => {
    const limit = bulkhead({ maxConcurrent: 1 })
    const controller = new AbortController()
    let end = (): void => {}
    const first = limit.execute(
      () =>
        new Promise<void>((resolve) => {
          end = resolve
        }),
    )
    const work = vi.fn()
    const waiting = limit.execute(work, { signal: controller.signal })
    void first.then(() => controller.abort())
    end()
    await expect(waiting).rejects.toMatchObject({ code: 'ABORTED' })
    expect(work).not.toHaveBeenCalled()
    expect([limit.inFlight, limit.queued]).toEqual([0, 0])
    await expect(limit.execute(() => 'free')).resolves.toBe('free')
  })

  it('never makes a retry wait', async () => {
    const limit = bulkhead({ maxConcurrent: 1 })
    const { work } = stubborn()
    let calls = 0
    const call = compose(retry({ baseMs: 10, random: () => 0.5 }), limit).execute(async () => {
      calls++
      throw new Error('first attempt')
    })
    const failure = expect(call).rejects.toThrow('first attempt')
    await turn(0)
    void limit.execute(work)
    await turn(1_000)
    await failure
    expect([calls, limit.queued]).toEqual([1, 0])
  })
})

describe('the permit of work that goes on after its caller has left', () => {
  const limits = () => bulkhead({ maxConcurrent: 1 })
  const orders = {
    'timeout > bulkhead': (limit: ReturnType<typeof limits>) => compose(timeout({ timeoutMs: 10 }), limit),
    'bulkhead > timeout': (limit: ReturnType<typeof limits>) => compose(limit, timeout({ timeoutMs: 10 })),
    'timeout > retry > bulkhead': (limit: ReturnType<typeof limits>) =>
      compose(timeout({ timeoutMs: 10 }), retry(), limit),
    'retry > bulkhead > timeout': (limit: ReturnType<typeof limits>) =>
      compose(retry({ maxAttempts: 1 }), limit, timeout({ timeoutMs: 10, scope: 'attempt' })),
    'bulkhead > timeout > retry': (limit: ReturnType<typeof limits>) =>
      compose(limit, timeout({ timeoutMs: 10 }), retry()),
    'bulkhead > retry > timeout': (limit: ReturnType<typeof limits>) =>
      compose(limit, retry({ maxAttempts: 1 }), timeout({ timeoutMs: 10 })),
    'bulkhead > timeout > timeout': (limit: ReturnType<typeof limits>) =>
      compose(limit, timeout({ timeoutMs: 10 }), timeout({ timeoutMs: 5, scope: 'attempt' })),
  }

  it.each(Object.entries(orders))('%s: is held until the work has ended', async (_, order) => {
    for (const outcome of ['end', 'fail'] as const) {
      const limit = limits()
      const { jobs, work } = stubborn()
      const call = order(limit).execute(work)
      const code = call.then(
        () => 'none',
        (error) => error.code,
      )
      await turn(10)
      expect(await code).toMatch(/^(DEADLINE_EXCEEDED|ATTEMPT_TIMEOUT)$/)
      await turn(60_000)
      expect(limit.inFlight).toBe(1)
      jobs[0]?.[outcome](new Error('late'))
      await turn()
      expect(limit.inFlight).toBe(0)
    }
  })

  it.each(Object.entries(orders))("%s: is held after the caller's abort, too", async (_, order) => {
    const limit = limits()
    const { jobs, work } = stubborn()
    const controller = new AbortController()
    const call = order(limit).execute(work, { signal: controller.signal })
    controller.abort()
    await expect(call).rejects.toMatchObject({ code: 'ABORTED' })
    expect(limit.inFlight).toBe(1)
    jobs[0]?.end()
    await turn()
    expect(limit.inFlight).toBe(0)
  })

  it('is handed on in order when the work ends at last', async () => {
    const limit = limits()
    const { jobs, work } = stubborn()
    const late = compose(limit, timeout({ timeoutMs: 10 })).execute(work)
    const failure = expect(late).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' })
    const next = limit.execute(() => 'next')
    await turn(10)
    await failure
    expect(limit.queued).toBe(1)
    jobs[0]?.end()
    await expect(next).resolves.toBe('next')
  })

  it('waits for every attempt when the bulkhead is around the retry', async () => {
    const limit = limits()
    const { jobs, work } = stubborn()
    const policy = compose(
      limit,
      retry({ maxAttempts: 2, baseMs: 0 }),
      timeout({ timeoutMs: 10, scope: 'attempt' }),
    )
    const call = policy.execute(work)
    await turn(12)
    jobs[1]?.end('second')
    await expect(call).resolves.toBe('second')
    expect(limit.inFlight).toBe(1)
    jobs[0]?.end()
    await turn()
    expect(limit.inFlight).toBe(0)
  })
})

describe('the options of a bulkhead', () => {
  it('defaults to 200 permits, also for an option given as undefined', async () => {
    const limit = bulkhead({
      maxConcurrent: undefined,
      maxQueue: undefined,
      queueTimeoutMs: undefined,
    } as never)
    expect(limit.maxConcurrent).toBe(200)
    await expect(limit.execute(() => 'through')).resolves.toBe('through')
  })

  it('refuses every wrong one at once', () => {
    expect(() =>
      bulkhead({ maxConcurrent: 0, maxQueue: 1.5, queueTimeoutMs: -1, maxConcurent: 1 } as never),
    ).toThrow(
      "bulkhead(): maxConcurent: is not an option; did you mean 'maxConcurrent'?; " +
        'maxConcurrent: must be a whole number of at least 1, not 0; ' +
        'maxQueue: must be a whole number of at least 0, not 1.5; ' +
        'queueTimeoutMs: must be more than 0 and at most 2147483647 milliseconds, not -1',
    )
  })
})
