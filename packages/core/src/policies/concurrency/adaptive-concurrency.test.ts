import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ConnectFailedError, HttpError } from '../../foundation/errors/index.js'
import { compose } from '../kernel/compose.js'
import { retry } from '../retry/retry.js'
import { timeout } from '../timeout/timeout.js'
import { adaptiveConcurrency } from './adaptive-concurrency.js'
import type { AdaptiveConcurrency } from './adaptive-concurrency-interface.js'
import type { LimitVerdict } from './limit-verdict.js'

/** Work that ends when it is told to. */
function stubborn() {
  const ends: (() => void)[] = []
  const work = (): Promise<void> =>
    new Promise((resolve) => {
      ends.push(resolve)
    })
  return { ends, work }
}

const turn = (ms = 0) => vi.advanceTimersByTimeAsync(ms)
const codeOf = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => 'answer',
    (error) => error.code,
  )
/** Takes every permit, and reports `count` outcomes of calls that began together and took `tookMs`. */
async function report(
  limit: AdaptiveConcurrency,
  verdict: LimitVerdict,
  count: number,
  tookMs = 10,
): Promise<void> {
  while (limit.tryAcquire());
  const startedAt = performance.now()
  await turn(tookMs)
  for (let n = 0; n < count; n++) limit.settled(verdict, startedAt, performance.now(), 500)
}

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(async () => {
  // Who still waits is shed, so that no shared timer outlives the clock that it was set by.
  await vi.runAllTimersAsync()
  vi.useRealTimers()
})

describe('the limit', () => {
  it('starts at 64, or at what its bounds leave of that', () => {
    expect(adaptiveConcurrency().limit).toBe(64)
    expect(adaptiveConcurrency({ maxLimit: 20 }).limit).toBe(20)
    expect(adaptiveConcurrency({ minLimit: 300 })).toMatchObject({ limit: 300, maxLimit: 300 })
  })

  it('grows by one a success up to maxLimit while it is used, and says so', async () => {
    const limit = adaptiveConcurrency({ initialLimit: 4, maxLimit: 6 })
    const changes: unknown[] = []
    limit.on('limit', (change) => changes.push(change))
    await limit.execute(() => 'little used')
    expect(limit.limit).toBe(4)
    await report(limit, 'success', 5)
    expect(limit.limit).toBe(6)
    expect(changes).toEqual([
      { limit: 5, previousLimit: 4 },
      { limit: 6, previousLimit: 5 },
    ])
  })

  it('is halved, again and again, while every call is lost, but never below minLimit', async () => {
    const limit = adaptiveConcurrency({ initialLimit: 16, minLimit: 3 })
    await report(limit, 'overload', 8)
    expect(limit.limit).toBe(8)
    await report(limit, 'overload', 8)
    await report(limit, 'overload', 8)
    expect(limit.limit).toBe(3)
  })

  it('is cut to four at first by a few calls that are lost, and below by more of them only', async () => {
    const limit = adaptiveConcurrency()
    const lose = async () => {
      const startedAt = performance.now()
      for (let n = 0; n < 4; n++) {
        limit.tryAcquire()
        await turn(100)
        limit.settled('overload', startedAt, performance.now(), 400)
      }
    }
    await lose()
    expect(limit.limit).toBe(4)
    await lose()
    expect(limit.limit).toBe(2)
  })

  it('counts nothing against it that began before the cut', async () => {
    const limit = adaptiveConcurrency({ initialLimit: 16 })
    const startedAt = performance.now()
    await report(limit, 'overload', 8)
    for (let n = 0; n < 100; n++) limit.settled('overload', startedAt, performance.now())
    expect(limit.limit).toBe(8)
  })

  it('is cut when nothing is fast any more, long before calls are lost', async () => {
    const limit = adaptiveConcurrency({ initialLimit: 40 })
    await report(limit, 'success', 8, 250)
    expect(limit.limit).toBe(12) // 40 x 0.6 x 0.25 / 0.5
  })

  it('is not cut by slow answers that come among fast ones', async () => {
    const limit = adaptiveConcurrency({ initialLimit: 40, maxLimit: 40 })
    for (let round = 0; round < 10; round++) {
      await report(limit, 'success', 7, 200)
      await report(limit, 'success', 1, 10)
    }
    expect(limit.limit).toBe(40)
  })

  it('takes a dependency for slow by nature that stays as slow however little is asked of it', async () => {
    const limit = adaptiveConcurrency({ initialLimit: 40 })
    const limits: number[] = []
    for (let round = 0; round < 5; round++) {
      await report(limit, 'success', 8, 250)
      limits.push(limit.limit)
    }
    expect(limits).toEqual([12, 4, 40, 40, 41])
  })

  it('judges by losses alone without slowRatio', async () => {
    const limit = adaptiveConcurrency({ initialLimit: 40, slowRatio: false })
    await report(limit, 'success', 40, 400)
    expect(limit.limit).toBe(80)
  })

  it('learns nothing from neutral outcomes', async () => {
    const limit = adaptiveConcurrency({ initialLimit: 8 })
    for (let n = 0; n < 100; n++) limit.settled('neutral', performance.now(), performance.now())
    expect(limit.limit).toBe(8)
  })

  it('spares who answers as it forgets the stragglers of a crowd', async () => {
    const limit = adaptiveConcurrency({ initialLimit: 40, maxLimit: 40 })
    while (limit.tryAcquire()) await turn()
    const startedAt = performance.now()
    await turn(10)
    for (let n = 0; n < 200; n++) limit.settled('success', startedAt, performance.now(), 500)
    await turn(490)
    for (let n = 0; n < 20; n++) limit.settled('overload', startedAt, performance.now(), 500)
    expect(limit.limit).toBe(40)
  })
})

describe('the default classify', () => {
  const lost = async (fail: () => unknown): Promise<boolean> => {
    const limit = adaptiveConcurrency({ initialLimit: 8 })
    const { work } = stubborn()
    for (let n = 0; n < 7; n++) void codeOf(limit.execute(work))
    for (let n = 0; n < 8; n++) {
      await limit.execute(() => Promise.reject(fail())).catch(() => {})
      await turn(1)
    }
    return limit.limit < 8
  }
  const status = (code: number, headers = {}) =>
    Object.assign(Object.create(HttpError.prototype), { code: 'HTTP_STATUS', status: code, ...headers })

  it('takes refused connections and throttling for overload', async () => {
    expect(await lost(() => new ConnectFailedError('nobody listens', 'refused'))).toBe(true)
    expect(await lost(() => status(429))).toBe(true)
    expect(await lost(() => status(503, { retryAfterMs: 1_000 }))).toBe(true)
  })

  it('takes failures of any other kind for none', async () => {
    expect(await lost(() => status(503))).toBe(false)
    expect(await lost(() => status(500))).toBe(false)
    expect(await lost(() => status(404))).toBe(false)
    expect(await lost(() => new Error('broken'))).toBe(false)
    expect(await lost(() => undefined)).toBe(false)
  })

  it('takes a timeout for overload', async () => {
    const limit = adaptiveConcurrency({ initialLimit: 8, maxLimit: 8 })
    const policy = compose(limit, timeout({ timeoutMs: 100, scope: 'attempt' }))
    const calls = Array.from({ length: 8 }, () =>
      codeOf(
        policy.execute(
          ({ signal }) =>
            new Promise((_, reject) => {
              signal.addEventListener('abort', () => reject(signal.reason))
            }),
        ),
      ),
    )
    await turn(100)
    expect(new Set(await Promise.all(calls))).toEqual(new Set(['ATTEMPT_TIMEOUT']))
    expect(limit.limit).toBe(4)
    expect(limit.inFlight).toBe(0)
  })

  it('stands in for one that throws, and the call fails as it did', async () => {
    const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
    const limit = adaptiveConcurrency({
      classify: () => {
        throw new Error('of the classifier')
      },
    })
    await expect(limit.execute(() => Promise.reject(new Error('of the call')))).rejects.toThrow('of the call')
    expect(limit.inFlight).toBe(0)
    expect(warned).toHaveBeenCalledOnce()
  })

  it('gives way to one that is given', async () => {
    const limit = adaptiveConcurrency({ initialLimit: 8, classify: () => 'overload' })
    for (let n = 0; n < 8; n++) await limit.execute(() => Promise.reject(new Error('full'))).catch(() => {})
    expect(limit.limit).toBeLessThan(8)
  })
})

describe('the queue', () => {
  it('admits in the order of arrival', async () => {
    const limit = adaptiveConcurrency({ initialLimit: 1, maxLimit: 1 })
    const { ends, work } = stubborn()
    const started: number[] = []
    for (let n = 0; n < 3; n++) {
      const call = limit.execute(() => {
        started.push(n)
        return work()
      })
      void codeOf(call)
    }
    expect([limit.inFlight, limit.queued]).toEqual([1, 2])
    ends[0]?.()
    await turn()
    ends[1]?.()
    await turn()
    expect(started).toEqual([0, 1, 2])
  })

  it('admits as many as a higher limit allows, at once', async () => {
    const limit = adaptiveConcurrency({ initialLimit: 2 })
    const { ends, work } = stubborn()
    for (let n = 0; n < 6; n++) void codeOf(limit.execute(work))
    ends[0]?.()
    await turn()
    expect([limit.limit, limit.inFlight, limit.queued]).toEqual([3, 3, 2])
  })

  it('admits when the limit rises, before the call that raised it has given its permit back', async () => {
    const limit = adaptiveConcurrency({ initialLimit: 1 })
    limit.tryAcquire()
    const { work } = stubborn()
    void codeOf(limit.execute(work))
    await turn()
    expect(limit.queued).toBe(1)
    limit.settled('success', performance.now(), performance.now())
    expect([limit.limit, limit.inFlight, limit.queued]).toEqual([2, 2, 0])
  })

  it('forgets who was admitted: an abort then finds the call at work', async () => {
    const limit = adaptiveConcurrency({ initialLimit: 1 })
    const { ends, work } = stubborn()
    const controller = new AbortController()
    void codeOf(limit.execute(work))
    const phase = limit
      .execute(work, { signal: controller.signal })
      .catch((error: { phase?: string }) => error.phase)
    ends[0]?.()
    await turn()
    controller.abort()
    expect(await phase).not.toBe('queued')
  })

  it('holds no more than maxQueue', async () => {
    const limit = adaptiveConcurrency({ initialLimit: 1, maxQueue: 1 })
    const reasons: string[] = []
    limit.on('reject', ({ reason }) => reasons.push(reason))
    const { work } = stubborn()
    void codeOf(limit.execute(work))
    void codeOf(limit.execute(work))
    await expect(limit.execute(work)).rejects.toMatchObject({
      code: 'CONCURRENCY_LIMIT',
      phase: 'queued',
      message: 'queue full: 1 of 1 permits in use, 1 waiting',
    })
    expect(reasons).toEqual(['queue full'])
  })

  it('makes nobody wait for more than half of the time left', async () => {
    const limit = adaptiveConcurrency({ initialLimit: 1 })
    const { work } = stubborn()
    const policy = compose(timeout({ timeoutMs: 600 }), limit)
    void codeOf(limit.execute(work))
    const codes: unknown[] = []
    void codeOf(policy.execute(work)).then((code) => codes.push(code))
    await turn(299)
    expect(codes).toEqual([])
    await turn(2)
    expect(codes).toEqual(['CONCURRENCY_LIMIT'])
    expect(vi.getTimerCount()).toBe(0)
  })

  it('makes nobody wait for more than maxQueueWaitMs', async () => {
    const limit = adaptiveConcurrency({ initialLimit: 1, maxQueueWaitMs: 50 })
    const reasons: string[] = []
    limit.on('reject', ({ reason }) => reasons.push(reason))
    const { work } = stubborn()
    void codeOf(limit.execute(work))
    const code = codeOf(limit.execute(work))
    await turn(50)
    expect([await code, ...reasons]).toEqual(['CONCURRENCY_LIMIT', 'queue timeout'])
  })

  it('never makes a retry wait', async () => {
    const limit = adaptiveConcurrency({ initialLimit: 1 })
    const reasons: string[] = []
    limit.on('reject', ({ reason }) => reasons.push(reason))
    const { work } = stubborn()
    const call = codeOf(
      compose(retry({ baseMs: 10, random: () => 0.5 }), limit).execute(() =>
        Promise.reject(new Error('once')),
      ),
    )
    await turn()
    void codeOf(limit.execute(work))
    await turn(100)
    await call
    expect(reasons).toEqual(['no free permit'])
  })

  it('lets a waiter go the moment its caller gives up, and leaves no timer behind', async () => {
    const limit = adaptiveConcurrency({ initialLimit: 1 })
    const { ends, work } = stubborn()
    const controller = new AbortController()
    void codeOf(limit.execute(work))
    const gone = codeOf(limit.execute(work, { signal: controller.signal }))
    expect(vi.getTimerCount()).toBe(1)
    controller.abort()
    expect(await gone).toBe('ABORTED')
    expect([limit.queued, vi.getTimerCount()]).toEqual([0, 0])
    ends[0]?.()
    await turn()
    expect(limit.inFlight).toBe(0)
  })

  it('keeps the permit of work that goes on after its caller has left', async () => {
    const limit = adaptiveConcurrency({ initialLimit: 1 })
    const { ends, work } = stubborn()
    const call = codeOf(compose(timeout({ timeoutMs: 10 }), limit).execute(work))
    await turn(10)
    expect([await call, limit.inFlight]).toEqual(['DEADLINE_EXCEEDED', 1])
    ends[0]?.()
    await turn()
    expect(limit.inFlight).toBe(0)
  })
})

describe('shedding', () => {
  it('begins once no permit has been free for a second, with who has waited for 10 ms', async () => {
    const limit = adaptiveConcurrency({ initialLimit: 1 })
    const shed: number[] = []
    limit.on('shed', ({ waitedMs }) => shed.push(Math.round(waitedMs)))
    const { work } = stubborn()
    void codeOf(limit.execute(work))
    await turn(400)
    const early = codeOf(limit.execute(work))
    await turn(595)
    const late = codeOf(limit.execute(work))
    expect(shed).toEqual([])
    await turn(6)
    expect([await early, limit.queued]).toEqual(['CONCURRENCY_LIMIT', 1])
    await turn(10)
    expect([await late, limit.queued, vi.getTimerCount()]).toEqual(['CONCURRENCY_LIMIT', 0, 0])
    expect(shed).toHaveLength(2)
    expect(shed[0]).toBeGreaterThanOrEqual(599)
  })

  it('does not begin where permits become free in between', async () => {
    const limit = adaptiveConcurrency({ initialLimit: 1, maxLimit: 1 })
    const rejected = vi.fn()
    limit.on('reject', rejected)
    for (let n = 0; n < 10; n++) {
      const calls = [1, 2].map(() => limit.execute(() => new Promise((resolve) => setTimeout(resolve, 400))))
      await turn(800)
      await Promise.all(calls)
    }
    expect(rejected).not.toHaveBeenCalled()
  })

  it('begins after a tenth of that where the limit was cut', async () => {
    const limit = adaptiveConcurrency({ initialLimit: 16 })
    await report(limit, 'overload', 8, 1)
    const waiting = codeOf(limit.execute(() => 'in vain'))
    await turn(101)
    expect(await waiting).toBe('CONCURRENCY_LIMIT')
  })

  it('begins sooner for who waits already when the limit is cut', async () => {
    const limit = adaptiveConcurrency({ initialLimit: 16 })
    while (limit.tryAcquire()) await turn()
    const waiting = codeOf(limit.execute(() => 'in vain'))
    await report(limit, 'overload', 8, 1)
    await turn(101)
    expect(await waiting).toBe('CONCURRENCY_LIMIT')
  })

  it('goes on while it is needed, though a permit becomes free for a moment, and then ends', async () => {
    const limit = adaptiveConcurrency({ initialLimit: 1, maxLimit: 1 })
    const { ends, work } = stubborn()
    void codeOf(limit.execute(work))
    const first = codeOf(limit.execute(work))
    await turn(1_001)
    expect(await first).toBe('CONCURRENCY_LIMIT')
    ends[0]?.()
    await turn()
    expect(limit.inFlight).toBe(0)
    void codeOf(limit.execute(work))
    const second = codeOf(limit.execute(work))
    await turn(11)
    expect(await second).toBe('CONCURRENCY_LIMIT')
    ends[1]?.()
    await turn(1_001)
    void codeOf(limit.execute(work))
    const third = codeOf(limit.execute(work))
    await turn(500)
    expect(limit.queued).toBe(1)
    ends[2]?.()
    await turn()
    ends[3]?.()
    expect(await third).toBe('answer')
  })
})

describe('options', () => {
  it('are all checked at once', () => {
    const wrong = { minLimit: 0, maxQueue: -1, slowRatio: 2, classify: 1, shedAfter: 5 } as never
    expect(() => adaptiveConcurrency(wrong)).toThrow(
      expect.objectContaining({
        code: 'CONFIG_INVALID',
        problems: expect.arrayContaining(
          ['minLimit', 'maxQueue', 'slowRatio', 'classify', 'shedAfter'].map((path) =>
            expect.objectContaining({ path }),
          ),
        ),
      }),
    )
  })

  it('contradict each other only where both are given', () => {
    expect(() => adaptiveConcurrency({ minLimit: 10, maxLimit: 5 })).toThrow('is above maxLimit (10 > 5)')
    expect(() => adaptiveConcurrency({ initialLimit: 10, maxLimit: 5 })).toThrow('is above maxLimit (10 > 5)')
    expect(() => adaptiveConcurrency({ initialLimit: 1, minLimit: 5 })).toThrow('is below minLimit (1 < 5)')
    expect(adaptiveConcurrency({ initialLimit: 300 })).toMatchObject({ limit: 300, maxLimit: 300 })
  })
})
