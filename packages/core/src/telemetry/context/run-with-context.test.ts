import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { contextStorage, currentContext } from './context-storage.js'
import type { Logger } from './logger.js'
import { detached, runWithContext } from './run-with-context.js'

const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'

/** A logger that tells of its children. */
function loggerOf(bindings: object = {}): Logger & { readonly bindings: object } {
  const ignore = (): void => {}
  return {
    ...{ level: 'info', debug: ignore, info: ignore, warn: ignore, error: ignore, fatal: ignore, bindings },
    child: (further) => loggerOf({ ...bindings, ...further }),
  }
}
const bindingsNow = () => (currentContext()?.logger as ReturnType<typeof loggerOf> | undefined)?.bindings

/** A promise by its shape alone. */
function promiseLike(wait: (resolve: () => void) => void): PromiseLike<void> {
  const name: string = 'then'
  return { [name]: wait } as unknown as PromiseLike<void>
}

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('runWithContext()', () => {
  it('has what a message carried, and replaces what is not well-formed', () => {
    const priority = 'batch' as const
    runWithContext(
      { correlationId: 'order-4711', traceparent, tracestate: 'a=1', baggage: 'b=2', priority },
      () => {
        expect(currentContext()).toMatchObject({
          ...{ correlationId: 'order-4711', traceparent, tracestate: 'a=1', baggage: 'b=2', priority },
        })
        expect(currentContext()?.remainingMs()).toBe(Number.POSITIVE_INFINITY)
      },
    )
    runWithContext({ correlationId: 'no id', traceparent: 'none', tracestate: 'a=1' }, () => {
      expect(currentContext()?.correlationId).toMatch(/^[\da-f-]{36}$/)
      expect([currentContext()?.traceparent, currentContext()?.tracestate]).toEqual([undefined, undefined])
    })
    expect(currentContext()).toBeUndefined()
  })

  it('lasts as long as a promise of any maker, which may begin only when it is waited for', async () => {
    const seen: (string | undefined)[] = []
    const lazy = promiseLike((resolve) => {
      seen.push(currentContext()?.correlationId)
      setTimeout(resolve, 40)
    })
    let left: number | undefined
    const done = runWithContext({ correlationId: 'lazy-4711', timeoutMs: 1_000 }, () => {
      const context = currentContext()
      setTimeout(() => {
        left = context?.remainingMs()
      }, 20)
      return lazy
    })
    await vi.advanceTimersByTimeAsync(50)
    await done
    expect(seen).toEqual(['lazy-4711'])
    expect(left).toBeLessThanOrEqual(1_000)
  })

  it('gives what the function gives, also a failure, and ends the deadline with it', async () => {
    expect(runWithContext({ timeoutMs: 50 }, () => 1)).toBe(1)
    expect(() =>
      runWithContext({ timeoutMs: 50 }, () => {
        throw new Error('bug')
      }),
    ).toThrow('bug')
    await expect(runWithContext({ timeoutMs: 50 }, () => Promise.reject(new Error('bug')))).rejects.toThrow(
      'bug',
    )
    expect(vi.getTimerCount()).toBe(0)
  })

  it('aborts when its time is up and with the signal, while the work goes on', async () => {
    const controller = new AbortController()
    let finish = (): void => {}
    const work = () =>
      new Promise<AbortSignal | undefined>((resolve) => {
        const signal = currentContext()?.signal
        finish = () => resolve(signal)
      })
    const late = runWithContext({ timeoutMs: 50 }, work)
    vi.advanceTimersByTime(51)
    finish()
    expect((await late)?.reason).toMatchObject({ code: 'DEADLINE_EXCEEDED' })

    const stopped = runWithContext({ signal: controller.signal }, work)
    controller.abort(new Error('enough'))
    finish()
    expect((await stopped)?.reason).toMatchObject({ code: 'ABORTED', cause: { message: 'enough' } })
  })

  it('hears nothing more of the signal once the work is done', async () => {
    const controller = new AbortController()
    const signal = await runWithContext({ signal: controller.signal, timeoutMs: 50 }, async () => {
      return currentContext()?.signal
    })
    controller.abort()
    vi.advanceTimersByTime(100)
    expect(signal?.aborted).toBe(false)
  })

  it('logs with its own ids, also to the logger of the context around it', () => {
    const logger = loggerOf({ service: 'shop' })
    runWithContext({ correlationId: 'outer-4711', logger, traceparent }, () => {
      const trace_id = '0af7651916cd43dd8448eb211c80319c'
      expect(bindingsNow()).toEqual({ service: 'shop', correlation_id: 'outer-4711', trace_id })
      runWithContext({ correlationId: 'inner-4711' }, () => {
        expect(bindingsNow()).toEqual({ service: 'shop', correlation_id: 'inner-4711' })
      })
    })
    runWithContext({}, () => expect(currentContext()?.logger.level).toBe('silent'))
  })

  it('names everything that is wrong with the options', () => {
    const options = { timeoutMs: -1, priority: 'high', correlation: 'a' } as never
    expect(() => runWithContext(options, () => 1)).toThrow(/correlation: .*timeoutMs: .*priority: /s)
    expect(() => runWithContext(undefined as never, () => 1)).toThrow(/runWithContext\(\)/)
  })
})

describe('detached()', () => {
  it('keeps the correlation, without the deadline and the aborts', async () => {
    const controller = new AbortController()
    const options = { correlationId: 'order-4711', timeoutMs: 50, signal: controller.signal }
    const work = runWithContext(options, () => detached(async () => currentContext()))
    controller.abort()
    const inside = await work
    expect(inside?.correlationId).toBe('order-4711')
    expect([inside?.remainingMs(), inside?.signal.aborted]).toEqual([Number.POSITIVE_INFINITY, false])
  })

  it('just runs outside of a request', () => {
    expect(detached(() => contextStorage.getStore())).toBeUndefined()
  })
})
