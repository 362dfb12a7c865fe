import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { InvalidInputError, isHoldfastError } from '../../foundation/errors/index.js'
import { compose } from '../kernel/compose.js'
import { Execution } from '../kernel/execution.js'
import { runWork } from '../kernel/run-work.js'
import { timeout } from '../timeout/timeout.js'
import { fallback } from './fallback.js'

const failing = async (): Promise<unknown> => {
  throw new Error('down')
}
const hanging = () => new Promise<unknown>(() => {})
const caught = (promise: Promise<unknown>) => promise.catch((error: unknown) => error)

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

describe('fallback', () => {
  it('leaves a success alone', async () => {
    const answer = vi.fn()
    expect(await fallback(answer).execute(() => 'fresh')).toBe('fresh')
    expect(answer).not.toHaveBeenCalled()
  })

  it.each([
    ['a value', 'stale'],
    ['no value', undefined],
    ['null', null],
  ])('answers with %s', async (_, value) => {
    expect(await fallback(value).execute(failing)).toBe(value)
  })

  it('answers with what a function, also an async one, makes of the error and the context', async () => {
    const policy = compose(
      timeout({ timeoutMs: 500 }),
      fallback(async (error: unknown, context: { attempt: number; remainingMs(): number }) => {
        return [(error as Error).message, context.attempt, context.remainingMs()]
      }),
    )
    expect(await policy.execute(failing)).toEqual(['down', 1, 500])
  })

  it('tells of the failure that it answers, and of no other', async () => {
    const policy = fallback('stale')
    const events: unknown[] = []
    policy.on('fallback', ({ error, execution }) =>
      events.push([(error as Error).message, execution.attempt]),
    )
    await policy.execute(() => 'fresh')
    await policy.execute(failing)
    expect(events).toEqual([['down', 1]])
  })

  it('asks `when`', async () => {
    const policy = fallback('stale', { when: (error) => (error as Error).message === 'down' })
    expect(await policy.execute(failing)).toBe('stale')
    await expect(policy.execute(() => Promise.reject(new Error('else')))).rejects.toThrow('else')
  })

  it('does not hide a mistake of the calling code', async () => {
    const error = new InvalidInputError('getOrder', [{ path: 'id', message: 'is missing' }])
    expect(await caught(fallback('stale').execute(() => Promise.reject(error)))).toBe(error)
  })

  it('answers a timeout within, and not one around', async () => {
    const within = compose(fallback('stale'), timeout({ timeoutMs: 20 })).execute(hanging)
    const around = caught(compose(timeout({ timeoutMs: 20 }), fallback('stale')).execute(hanging))
    await vi.advanceTimersByTimeAsync(20)
    expect(await within).toBe('stale')
    expect(isHoldfastError(await around, 'DEADLINE_EXCEEDED')).toBe(true)
  })
})

describe('the caller aborts', () => {
  it('gets no fallback', async () => {
    const controller = new AbortController()
    const call = caught(fallback('stale').execute(hanging, { signal: controller.signal }))
    controller.abort()
    expect(await call).toMatchObject({ code: 'ABORTED' })
  })

  it('gets one where `when` says so, if it is there at once', async () => {
    const controller = new AbortController()
    controller.abort()
    const { signal } = controller
    const when = () => true
    expect(await fallback('stale', { when }).execute(hanging, { signal })).toBe('stale')
    const late = fallback(async () => 'late', { when }).execute(hanging, { signal })
    expect(await caught(late)).toMatchObject({ code: 'ABORTED' })
  })

  it('does not wait for a fallback that hangs, which is known to run on', async () => {
    let finish: (value: string) => void = () => {}
    const signals: AbortSignal[] = []
    const policy = fallback((_: unknown, context: { signal: AbortSignal }) => {
      signals.push(context.signal)
      return new Promise<string>((resolve) => {
        finish = resolve
      })
    })
    const execution = Execution.start(failing)
    const call = caught(policy.link(runWork)(execution))
    await vi.advanceTimersByTimeAsync(0)
    const reason = new Error('enough')
    execution.abort(reason)
    expect(await call).toBe(reason)
    expect(signals[0]?.aborted).toBe(true)
    expect(execution.lingered).toBe(1)
    let ended = false
    void execution.settled(0).then(() => {
      ended = true
    })
    await vi.advanceTimersByTimeAsync(0)
    expect(ended).toBe(false)
    finish('late')
    await vi.advanceTimersByTimeAsync(0)
    expect(ended).toBe(true)
  })

  it('ends with a deadline around it, whose cause is the original failure', async () => {
    const call = caught(compose(timeout({ timeoutMs: 50 }), fallback(hanging)).execute(failing))
    await vi.advanceTimersByTimeAsync(50)
    expect(await call).toMatchObject({ code: 'DEADLINE_EXCEEDED', cause: { message: 'down' } })
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('a fallback that fails', () => {
  it('fails the call with its own error, which names the original one', async () => {
    const throwing = fallback(() => {
      throw new Error('no cache')
    })
    const error = await caught(throwing.execute(failing))
    expect(error).toMatchObject({ message: 'no cache', cause: { message: 'down' } })
  })

  it.each([1, 2])('never makes the cause, %d deep, of the original error caused by it', async (depth) => {
    const root = new Error('root')
    let original = root
    for (let level = 0; level < depth; level++) original = new Error('down', { cause: original })
    const unwrapping = fallback(() => Promise.reject(root))
    expect(await caught(unwrapping.execute(() => Promise.reject(original)))).toBe(root)
    expect(root.cause).toBeUndefined()
  })

  it('keeps a cause that it has, and may throw the original error or anything else', async () => {
    const cause = new Error('its own')
    const own = fallback(() => Promise.reject(new Error('no cache', { cause })))
    expect(await caught(own.execute(failing))).toMatchObject({ cause })
    const rethrown = await caught(fallback((error: unknown) => Promise.reject(error)).execute(failing))
    expect(rethrown).toMatchObject({ message: 'down' })
    expect((rethrown as Error).cause).toBeUndefined()
    expect(await caught(fallback(() => Promise.reject('text')).execute(failing))).toBe('text')
    const frozen = Object.freeze(new Error('frozen'))
    expect(await caught(fallback(() => Promise.reject(frozen)).execute(failing))).toBe(frozen)
  })
})

it('refuses options that it does not know', () => {
  expect(() => fallback('stale', { when: 'always' } as never)).toThrow(/when: must be a function/)
  expect(() => fallback('stale', { whn: () => true } as never)).toThrow(/did you mean 'when'/)
})
