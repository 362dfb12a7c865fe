import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  AttemptTimeoutError,
  ConnectFailedError,
  HttpError,
  InvalidInputError,
} from '../../foundation/errors/index.js'
import { compose } from '../kernel/compose.js'
import { timeout } from '../timeout/timeout.js'
import type { RetryOptions } from './options.js'
import { retry } from './retry.js'
import { retryBudget } from './retry-budget.js'

const turn = (ms = 0) => vi.advanceTimersByTimeAsync(ms)

/** Fails with each of `failures` in turn, then answers. */
function flaky(...failures: unknown[]) {
  const attempts: number[] = []
  const work = async ({ attempt }: { attempt: number }): Promise<string> => {
    attempts.push(attempt)
    if (attempts.length <= failures.length) throw failures[attempts.length - 1]
    return 'answer'
  }
  return { attempts, work }
}

/** Runs `work` under a retry to its end, whatever the delays. */
async function settle(options: RetryOptions, work: Parameters<ReturnType<typeof retry>['execute']>[0]) {
  const policy = retry(options)
  const delays: number[] = []
  const gaveUp: string[] = []
  policy.on('retry', ({ delayMs }) => delays.push(delayMs))
  policy.on('giveUp', ({ reason }) => gaveUp.push(reason))
  const outcome = policy.execute(work).then(
    (value) => ({ value }),
    (error) => ({ error }),
  )
  await turn(600_000)
  return { ...(await outcome), delays, gaveUp } as {
    value?: unknown
    error?: unknown
    delays: number[]
    gaveUp: string[]
  }
}

const down = (n = 1) => Array.from({ length: n }, (_, index) => new Error(`down ${index + 1}`))
const unavailable = (retryAfterMs: number) =>
  new HttpError('503', { status: 503, headers: {}, body: '', declared: false, retryAfterMs })

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

describe('attempts', () => {
  it('are made until one succeeds, and know their number', async () => {
    const { attempts, work } = flaky(...down(2))
    await expect(settle({}, work)).resolves.toMatchObject({ value: 'answer', gaveUp: [] })
    expect(attempts).toEqual([1, 2, 3])
    expect(vi.getTimerCount()).toBe(0)
  })

  it('end at maxAttempts with the last failure', async () => {
    const failures = down(9)
    const { attempts, work } = flaky(...failures)
    const { error, gaveUp } = await settle({ maxAttempts: 4 }, work)
    expect(error).toBe(failures[3])
    expect([attempts, gaveUp]).toEqual([[1, 2, 3, 4], ['attempts']])
  })

  it('are one with maxAttempts 1', async () => {
    const [failure] = down()
    const { attempts, work } = flaky(failure)
    await expect(settle({ maxAttempts: 1 }, work)).resolves.toMatchObject({
      error: failure,
      gaveUp: ['attempts'],
    })
    expect(attempts).toEqual([1])
  })

  it('are counted on the execution of an attempt timeout below, too', async () => {
    const { attempts, work } = flaky(...down(2))
    const call = compose(retry(), timeout({ timeoutMs: 1_000, scope: 'attempt' })).execute(work)
    await turn(10_000)
    await expect(call).resolves.toBe('answer')
    expect(attempts).toEqual([1, 2, 3])
  })

  it('of a retry within a retry multiply, each with a number above 1 but the first', async () => {
    const { attempts, work } = flaky(...down(9))
    const call = compose(retry({ maxAttempts: 2 }), retry({ maxAttempts: 2 })).execute(work)
    const failure = expect(call).rejects.toThrow('down 4')
    await turn(10_000)
    await failure
    expect(attempts).toHaveLength(4)
    expect(attempts.map((attempt) => attempt > 1)).toEqual([false, true, true, true])
  })
})

describe('what is worth another attempt', () => {
  const timedOut = new AttemptTimeoutError()
  const refused = new ConnectFailedError('refused', 'refused')
  const network = new TypeError('fetch failed', { cause: new Error('ECONNRESET') })
  it.each<unknown>([
    new Error('any'),
    'text',
    null,
    undefined,
    { plain: 'object' },
    timedOut,
    refused,
    network,
    unavailable(0),
  ])('%o is', async (failure) => {
    const { attempts, work } = flaky(failure)
    await expect(settle({}, work)).resolves.toMatchObject({ value: 'answer' })
    expect(attempts).toEqual([1, 2])
  })

  const notFound = new HttpError('404', { status: 404, headers: {}, body: '', declared: true })
  const abort = new DOMException('stop', 'AbortError')
  const bug = new TypeError("Cannot read properties of undefined (reading 'id')")
  it.each<unknown>([notFound, abort, bug, new InvalidInputError('x', [])])('%o is not', async (failure) => {
    for (const before of [[], down()]) {
      const { attempts, work } = flaky(...before, failure)
      await expect(settle({}, work)).resolves.toMatchObject({ error: failure, gaveUp: [] })
      expect(attempts).toHaveLength(before.length + 1)
    }
  })

  it('is not a failure that ends the last attempt but was final anyway', async () => {
    const { work } = flaky(...down(2), notFound)
    await expect(settle({}, work)).resolves.toMatchObject({ error: notFound, gaveUp: [] })
  })

  it('is for `when` to say, every time', async () => {
    const { attempts, work } = flaky(bug, new Error('final'), bug)
    const when = vi.fn((error: unknown) => error === bug)
    await expect(settle({ when }, work)).resolves.toMatchObject({ error: new Error('final') })
    expect(attempts).toEqual([1, 2])
    expect(when).toHaveBeenCalledTimes(2)
  })
})

describe('the wait before an attempt', () => {
  it.each([
    [0, [0, 0, 0, 0]],
    [0.5, [50, 100, 200, 200]],
    [1 - 2 ** -53, [100, 200, 400, 400]],
  ])('is drawn evenly below a doubling bound (chance %d)', async (chance, expected) => {
    const { work } = flaky(...down(4))
    const { delays } = await settle({ maxAttempts: 5, baseMs: 100, maxMs: 400, random: () => chance }, work)
    expect(delays.map((delay) => Math.round(delay))).toEqual(expected)
  })

  it('passes before the attempt is made', async () => {
    const { attempts, work } = flaky(...down())
    const call = retry({ baseMs: 200, random: () => 0.5 }).execute(work)
    await turn(99)
    expect(attempts).toEqual([1])
    await turn(1)
    expect(attempts).toEqual([1, 2])
    await call
  })

  it('is never shorter than Retry-After, whatever maxMs says', async () => {
    const { work } = flaky(unavailable(5_000), unavailable(-1_000))
    const { delays } = await settle({ baseMs: 100, maxMs: 100, random: () => 0.5 }, work)
    expect(delays).toEqual([5_000, 50])
  })

  it('that Retry-After puts beyond the deadline is not begun', async () => {
    const failure = unavailable(1_000)
    const { attempts, work } = flaky(failure)
    const policy = retry()
    const gaveUp = vi.fn()
    policy.on('giveUp', gaveUp)
    const call = compose(timeout({ timeoutMs: 1_000 }), policy).execute(work)
    await expect(call).rejects.toBe(failure)
    expect(attempts).toEqual([1])
    expect(gaveUp).toHaveBeenCalledExactlyOnceWith(
      expect.objectContaining({ reason: 'deadline', error: failure }),
    )
    expect(vi.getTimerCount()).toBe(0)
  })

  it.each([1e12, Number.POSITIVE_INFINITY])('of %d ms is not begun without a deadline either', async (ms) => {
    const failure = unavailable(ms)
    const { attempts, work } = flaky(failure)
    const budget = retryBudget()
    await expect(settle({ budget }, work)).resolves.toMatchObject({ error: failure, gaveUp: ['deadline'] })
    expect([attempts, budget.tokens]).toEqual([[1], 10])
  })

  it('is jitter alone when what the dependency asks for is no number', async () => {
    const { work } = flaky(...down())
    const { delays } = await settle({ random: () => 0.5, retryAfterMs: () => Number.NaN }, work)
    expect(delays).toEqual([25])
  })

  it('does not depend on the wall clock', async () => {
    const { attempts, work } = flaky(unavailable(1_000), unavailable(1_000))
    const call = compose(timeout({ timeoutMs: 10_000 }), retry()).execute(work)
    await turn(500)
    vi.setSystemTime(Date.now() + 3_600_000)
    await turn(499)
    expect(attempts).toEqual([1])
    await turn(1)
    expect(attempts).toEqual([1, 2])
    vi.setSystemTime(Date.now() - 7_200_000)
    await turn(1_000)
    await expect(call).resolves.toBe('answer')
  })
})

describe('the options of a retry', () => {
  it('are refused all at once', () => {
    const wrong = {
      maxAttempts: 0,
      baseMs: 10,
      maxMs: 5,
      when: 1,
      earns: 2,
      random: 3,
      budget: {},
      retries: 4,
    }
    expect(() => retry(wrong as never)).toThrow(
      expect.objectContaining({
        code: 'CONFIG_INVALID',
        problems: ['retries', 'maxAttempts', 'when', 'earns', 'budget', 'random', 'baseMs'].map((path) =>
          expect.objectContaining({ path }),
        ),
      }),
    )
    expect(() => retry({ budget: null } as never)).toThrow(
      'budget: must be what retryBudget() returns, or false',
    )
  })
})
