import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { AbortedError, DeadlineExceededError } from '../../foundation/errors/index.js'
import { ActiveContext, type LoggerOf, readInbound } from './active-context.js'
import type { Logger } from './logger.js'
import { noTrace } from './trace-context.js'

const noLogger: LoggerOf = () => ({}) as Logger
const inbound = { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' }

function begin(timeoutMs: number | undefined): ActiveContext {
  const init = { correlationId: 'order-4711', trace: noTrace, priority: 'default' } as const
  return new ActiveContext({ ...init, timeoutMs, loggerOf: noLogger })
}

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('the deadline of a context', () => {
  it('counts down to nothing, then aborts', () => {
    const context = begin(100)
    expect(context.remainingMs()).toBe(100)
    vi.advanceTimersByTime(60)
    expect([context.remainingMs(), context.signal.aborted]).toEqual([40, false])
    vi.advanceTimersByTime(60)
    expect(context.remainingMs()).toBe(0)
    expect(context.signal.reason).toBeInstanceOf(DeadlineExceededError)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('is as short as the header and the service want it', () => {
    const asked = { 'x-request-timeout-ms': '80' }
    expect(readInbound(asked, noLogger).timeoutMs).toBe(80)
    expect(readInbound(asked, noLogger, 50).timeoutMs).toBe(50)
    expect(readInbound(asked, noLogger, 200).timeoutMs).toBe(80)
    expect(readInbound({}, noLogger, 50).timeoutMs).toBe(50)
    expect(readInbound({}, noLogger).timeoutMs).toBeUndefined()
  })

  it('counts from when the request came in, not from when it was looked at', () => {
    const arrived = performance.now()
    vi.advanceTimersByTime(30)
    const context = new ActiveContext({ ...readInbound({}, noLogger, 100) }, arrived)
    expect(context.remainingMs()).toBe(70)
    vi.advanceTimersByTime(71)
    vi.advanceTimersByTime(30)
    expect(context.aborted).toBe(true)
  })

  it('is none of detached work, which keeps who it is for', () => {
    const context = begin(100)
    context.route = '/orders/:id'
    const detached = context.detached()
    vi.advanceTimersByTime(200)
    expect([context.aborted, detached.aborted, detached.remainingMs()]).toEqual([true, false, Infinity])
    expect([detached.correlationId, detached.route]).toEqual(['order-4711', '/orders/:id'])
  })
})

describe('the logger of a context', () => {
  it('is made once, when it is asked for, with the ids of the span that has begun by then', () => {
    const made: unknown[] = []
    const context = new ActiveContext(
      readInbound(inbound, ({ traceId, spanId }) => {
        made.push([traceId, spanId])
        return {} as Logger
      }),
    )
    expect(context.traceId).toBe('0af7651916cd43dd8448eb211c80319c')
    context.span = { ids: { traceId: 'own-trace', spanId: 'own-span', sampled: true } }
    expect(made).toEqual([])
    expect(context.logger).toBe(context.logger)
    expect(context.detached().logger).not.toBe(context.logger)
    expect(made).toEqual([
      ['own-trace', 'own-span'],
      ['own-trace', 'own-span'],
    ])
  })

  it("has the caller's trace where there is no span, or one that is not recorded anywhere", () => {
    const context = new ActiveContext(readInbound(inbound, noLogger))
    context.span = { ids: undefined }
    expect([context.traceId, context.spanId]).toEqual(['0af7651916cd43dd8448eb211c80319c', undefined])
  })
})

type Action =
  | { readonly kind: 'leave' }
  | { readonly kind: 'end' }
  | { readonly kind: 'wait'; readonly ms: number }

const actions: fc.Arbitrary<readonly Action[]> = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('leave' as const) }),
    fc.record({ kind: fc.constant('end' as const) }),
    fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 120 }) }),
  ),
  { maxLength: 8 },
)

/** What a context should be like: whichever of answer, caller's leave and deadline comes first decides. */
class Model {
  deadline: number
  reason: 'deadline' | 'left' | undefined = undefined
  now = 0

  constructor(timeoutMs: number | undefined) {
    this.deadline = timeoutMs ?? Number.POSITIVE_INFINITY
  }

  /** The timer of a deadline that `leave` has taken off does not fire any more. */
  apply(action: Action): void {
    if (action.kind === 'leave') this.reason ??= 'left'
    else if (action.kind === 'end') this.deadline = Number.POSITIVE_INFINITY
    else if (action.kind === 'wait') {
      this.now += action.ms
      if (this.now >= this.deadline) this.reason ??= 'deadline'
    }
  }

  get remainingMs(): number {
    return Math.max(0, this.deadline - this.now)
  }
}

describe('the ends of a context', () => {
  it('come once, in whatever order answer, leave and deadline do, and leave no timer', () => {
    fc.assert(
      fc.property(
        fc.option(fc.integer({ min: 1, max: 200 }), { nil: undefined }),
        actions,
        (timeoutMs, steps) => {
          const context = begin(timeoutMs)
          const heard: unknown[] = []
          context.attach({ abort: (reason) => heard.push(reason) })
          const model = new Model(timeoutMs)
          for (const step of steps) {
            if (step.kind === 'wait') vi.advanceTimersByTime(step.ms)
            else context[step.kind]()
            model.apply(step)
            expect(context.remainingMs()).toBeCloseTo(model.remainingMs, 3)
            expect(reasonOf(context)).toBe(model.reason)
          }
          expect(heard).toEqual(model.reason === undefined ? [] : [context.reason])
          context.end()
          expect(vi.getTimerCount()).toBe(0)
        },
      ),
    )
  })
})

function reasonOf({ aborted, reason }: ActiveContext): Model['reason'] {
  if (!aborted) return undefined
  if (reason instanceof AbortedError) return 'left'
  return reason instanceof DeadlineExceededError ? 'deadline' : undefined
}
