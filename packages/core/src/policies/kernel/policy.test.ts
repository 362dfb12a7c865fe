import { getEventListeners } from 'node:events'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { AbortedError } from '../../foundation/errors/index.js'
import { bulkhead } from '../concurrency/bulkhead.js'
import { timeout } from '../timeout/timeout.js'
import { compose } from './compose.js'
import type { Step } from './execution.js'
import { BasePolicy } from './policy.js'

class PassThrough extends BasePolicy<{ passed: number }> {
  link<Data>(next: Step<Data>): Step<Data> {
    return (execution) => {
      this.events.emit('passed', 1)
      return next(execution)
    }
  }
}

afterEach(() => {
  vi.useRealTimers()
})

describe('execute', () => {
  it('settles as the function does, sync or async', async () => {
    const policy = new PassThrough()
    await expect(policy.execute(() => 1)).resolves.toBe(1)
    await expect(policy.execute(async () => 2)).resolves.toBe(2)
    await expect(policy.execute(() => undefined)).resolves.toBeUndefined()
    const failure = new Error('down')
    await expect(policy.execute(() => Promise.reject(failure))).rejects.toBe(failure)
    await expect(
      policy.execute(() => {
        throw failure
      }),
    ).rejects.toBe(failure)
  })

  it('takes any thenable, and rejects for one whose `then` throws', async () => {
    const policy = new PassThrough()
    const thenable = Object.defineProperty({}, 'then', {
      value: (resolve: (value: string) => void) => resolve('thenable'),
    })
    await expect(policy.execute(() => thenable)).resolves.toBe('thenable')
    const broken = Object.defineProperty({}, 'then', {
      get: () => {
        throw new Error('no then')
      },
    })
    await expect(policy.execute(() => broken)).rejects.toThrow('no then')
  })

  it.each(['text', null, undefined, 0, { plain: true }])(
    'passes on a failure of %o untouched',
    async (failure) => {
      const settled = await new PassThrough()
        .execute(() => Promise.reject(failure))
        .catch((error) => ({ error }))
      expect(settled).toEqual({ error: failure })
    },
  )

  it('rejects when the function is none', async () => {
    await expect(new PassThrough().execute(undefined as never)).rejects.toBeInstanceOf(TypeError)
  })

  it('tells the function what it needs to know', async () => {
    const seen = await compose(timeout({ timeoutMs: 500 })).execute((context) => ({
      attempt: context.attempt,
      hedged: context.hedged,
      aborted: context.signal.aborted,
      remains: context.remainingMs() > 0 && context.remainingMs() <= 500,
    }))
    expect(seen).toEqual({ attempt: 1, hedged: false, aborted: false, remains: true })
  })

  it('links the pipeline once', async () => {
    const policy = new PassThrough()
    const link = vi.spyOn(policy, 'link')
    await policy.execute(() => 1)
    await policy.execute(() => 2)
    expect(link).toHaveBeenCalledOnce()
  })
})

describe("the caller's signal", () => {
  it('rejects at once with ABORTED, while the function goes on', async () => {
    const controller = new AbortController()
    const inside = vi.fn()
    const call = new PassThrough().execute(
      ({ signal }) => {
        signal.addEventListener('abort', inside)
        return new Promise(() => {})
      },
      { signal: controller.signal },
    )
    controller.abort(new Error('left'))
    await expect(call).rejects.toMatchObject({ code: 'ABORTED', retryable: false, cause: new Error('left') })
    expect(inside).toHaveBeenCalledOnce()
  })

  it('that is aborted already keeps the function from being called', async () => {
    const work = vi.fn()
    const call = new PassThrough().execute(work, { signal: AbortSignal.abort('before') })
    await expect(call).rejects.toMatchObject({ code: 'ABORTED', cause: 'before' })
    expect(work).not.toHaveBeenCalled()
  })

  it('that the function itself aborts is heeded', async () => {
    const controller = new AbortController()
    const call = new PassThrough().execute(
      () => {
        controller.abort()
        return new Promise(() => {})
      },
      { signal: controller.signal },
    )
    await expect(call).rejects.toMatchObject({ code: 'ABORTED' })
  })

  it('runs a query builder once, also when it is given up on', async () => {
    const controller = new AbortController()
    const run = vi.fn()
    const query = Object.defineProperty({}, 'then', { value: run })
    const policy = compose(bulkhead({ maxConcurrent: 1 }))
    const call = policy.execute(() => query, { signal: controller.signal })
    await Promise.resolve()
    controller.abort()
    await expect(call).rejects.toMatchObject({ code: 'ABORTED' })
    await new Promise(setImmediate)
    expect(run).toHaveBeenCalledOnce()
  })

  it('ends every call that follows it, each with an error of its own, and calls made after it', async () => {
    const controller = new AbortController()
    const policy = new PassThrough()
    const call = (): Promise<AbortedError> =>
      policy
        .execute(() => new Promise<never>(() => {}), { signal: controller.signal })
        .catch((error) => error)
    const calls = [call(), call()]
    controller.abort('enough')
    const errors = await Promise.all([...calls, call()])
    expect(errors.map(({ code, cause }) => [code, cause])).toEqual(Array(3).fill(['ABORTED', 'enough']))
    expect(new Set(errors).size).toBe(3)
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0)
  })

  it('has as many listeners after 1,000 calls as before, whatever becomes of them', async () => {
    const warned = vi.spyOn(process, 'emitWarning')
    const { signal } = new AbortController()
    signal.addEventListener('abort', () => {})
    const policy = compose(timeout({ timeoutMs: 1_000 }), new PassThrough())
    const calls = Array.from({ length: 1_000 }, (_, index) =>
      policy.execute(() => (index % 2 === 0 ? Promise.resolve(index) : Promise.reject(new Error('down'))), {
        signal,
      }),
    )
    expect(getEventListeners(signal, 'abort')).toHaveLength(2)
    await Promise.allSettled(calls)
    expect(getEventListeners(signal, 'abort')).toHaveLength(1)
    expect(warned).not.toHaveBeenCalled()
  })
})

describe('wrap', () => {
  it('keeps arguments, this, result and failure', async () => {
    const target = {
      base: 40,
      add: new PassThrough().wrap(function (this: { base: number }, more: number) {
        return this.base + more
      }),
    }
    await expect(target.add(2)).resolves.toBe(42)
    const failing = new PassThrough().wrap((reason: string) => Promise.reject(new Error(reason)))
    await expect(failing('down')).rejects.toThrow('down')
  })
})
