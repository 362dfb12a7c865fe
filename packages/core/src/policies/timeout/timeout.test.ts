import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { timeout } from './timeout.js'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

const ignoresItsSignal = (): Promise<never> => new Promise(() => {})

describe('timeout', () => {
  it('fails on time also when the function ignores its signal', async () => {
    const settled = vi.fn()
    const call = timeout({ timeoutMs: 100 }).execute(ignoresItsSignal)
    call.catch(settled)
    await vi.advanceTimersByTimeAsync(99)
    expect(settled).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(1)
    await expect(call).rejects.toMatchObject({
      code: 'DEADLINE_EXCEEDED',
      message: 'the call took longer than 100 ms',
    })
  })

  it('says ATTEMPT_TIMEOUT for the scope of an attempt', async () => {
    const call = timeout({ timeoutMs: 100, scope: 'attempt' }).execute(ignoresItsSignal)
    const failure = expect(call).rejects.toMatchObject({ code: 'ATTEMPT_TIMEOUT', retryable: true })
    await vi.advanceTimersByTimeAsync(100)
    await failure
  })

  it('aborts the signal with the error that the caller gets', async () => {
    let seen: AbortSignal | undefined
    const call = timeout({ timeoutMs: 10 }).execute(({ signal }) => {
      seen = signal
      return ignoresItsSignal()
    })
    const failure = call.catch((error) => error)
    await vi.advanceTimersByTimeAsync(10)
    expect(seen?.reason).toBe(await failure)
  })

  it('leaves no timer behind, however the call ends', async () => {
    const policy = timeout({ timeoutMs: 1_000 })
    await policy.execute(() => 'sync')
    await policy.execute(async () => 'async')
    await policy.execute(() => Promise.reject(new Error('down'))).catch(() => {})
    await policy
      .execute(() => {
        throw new Error('down')
      })
      .catch(() => {})
    await policy.execute(ignoresItsSignal, { signal: AbortSignal.abort() }).catch(() => {})
    expect(vi.getTimerCount()).toBe(0)
  })

  it('takes a late failure of the work that it gave up on', async () => {
    let fail = (_: Error): void => {}
    const call = timeout({ timeoutMs: 10 }).execute(
      () =>
        new Promise((_, reject) => {
          fail = reject
        }),
    )
    const failure = expect(call).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' })
    await vi.advanceTimersByTimeAsync(10)
    await failure
    fail(new Error('late'))
    await vi.advanceTimersByTimeAsync(10)
  })

  it('ends only the call that took too long', async () => {
    const policy = timeout({ timeoutMs: 100 })
    const signals: AbortSignal[] = []
    const call = (ms: number): Promise<number> =>
      policy.execute(
        ({ signal }) =>
          new Promise((resolve) => {
            signals.push(signal)
            setTimeout(() => resolve(ms), ms)
          }),
      )
    const calls = [call(50), call(5_000), call(90)]
    const settled = Promise.allSettled(calls)
    await vi.advanceTimersByTimeAsync(100)
    expect((await settled).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(signals.map(({ aborted }) => aborted)).toEqual([false, true, false])
  })

  it.each([
    [undefined, 'timeout(): timeoutMs: is missing; give a number of milliseconds'],
    [{}, 'timeout(): timeoutMs: is missing; give a number of milliseconds'],
    [5, 'timeout(): must be an object of options, not 5'],
    [
      { timeoutMs: 0 },
      'timeout(): timeoutMs: must be more than 0 and at most 2147483647 milliseconds, not 0',
    ],
    [
      { timeoutMs: Number.NaN, scope: 'x' },
      /timeoutMs: .*not NaN; scope: must be one of 'total', 'attempt', not 'x'/,
    ],
    [{ timeoutMs: 1, timeoutMS: 2 }, "timeout(): timeoutMS: is not an option; did you mean 'timeoutMs'?"],
  ])('refuses %o', (options, message) => {
    expect(() => timeout(options as never)).toThrow(message)
  })
})
