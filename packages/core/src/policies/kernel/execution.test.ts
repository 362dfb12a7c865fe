import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { AbortedError, AttemptTimeoutError, DeadlineExceededError } from '../../foundation/errors/index.js'
import { Execution } from './execution.js'

const start = (): Execution => Execution.start(() => undefined)
const total = (): DeadlineExceededError => new DeadlineExceededError('total')
const attempt = (): AttemptTimeoutError => new AttemptTimeoutError('attempt')

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

describe('the tree of an execution', () => {
  it('carries an abort down, never up or to a sibling', () => {
    const call = start()
    const left = call.fork()
    const right = call.fork()
    const leaf = left.fork()
    left.abort('left')
    expect([call.aborted, left.reason, leaf.reason, right.aborted]).toEqual([false, 'left', 'left', false])
    call.abort('all')
    expect([call.reason, left.reason, leaf.reason, right.reason]).toEqual(['all', 'left', 'left', 'all'])
  })

  it('forks an aborted part aborted', () => {
    const call = start()
    call.abort('gone')
    expect(call.fork().fork().reason).toBe('gone')
  })

  it('gives a fork the attempt, the leg and the deadline of its parent', () => {
    const call = start()
    call.attempt = 2
    call.hedged = true
    call.expireIn(100, total)
    expect(call.fork()).toMatchObject({ attempt: 2, hedged: true, deadline: call.deadline })
  })

  it('tells whoever is attached once, at once if it has happened, and nobody who was detached', () => {
    const call = start()
    const [first, second, gone, late] = [vi.fn(), vi.fn(), vi.fn(), vi.fn()]
    const detached = { abort: gone }
    call.attach({ abort: first })
    call.attach(detached)
    call.attach({ abort: second })
    call.detach(detached)
    call.abort('why')
    call.abort('again')
    call.attach({ abort: late })
    expect([first, second, late].map((told) => told.mock.calls)).toEqual([[['why']], [['why']], [['why']]])
    expect(gone).not.toHaveBeenCalled()
  })

  it('tells a released fork nothing', () => {
    const call = start()
    const part = call.fork()
    part.release()
    call.abort('why')
    expect(part.aborted).toBe(false)
  })

  it('survives a listener that attaches and detaches others while it is told', () => {
    const call = start()
    const other = { abort: vi.fn() }
    const late = { abort: vi.fn() }
    call.attach({
      abort: () => {
        call.detach(other)
        call.attach(late)
      },
    })
    call.attach(other)
    call.abort('why')
    expect(late.abort).toHaveBeenCalledExactlyOnceWith('why')
  })
})

describe('the signal of an execution', () => {
  it('is not created until it is read, and is one object', () => {
    let created = 0
    vi.stubGlobal(
      'AbortController',
      class extends AbortController {
        constructor() {
          super()
          created++
        }
      },
    )
    const call = start()
    const part = call.fork()
    call.abort('why')
    expect(created).toBe(0)
    expect(part.signal).toBe(part.signal)
    expect(created).toBe(1)
    expect([part.signal.aborted, part.signal.reason]).toEqual([true, 'why'])
  })

  it('aborts with the part it belongs to', () => {
    const call = start()
    const part = call.fork()
    const heard = vi.fn()
    part.signal.addEventListener('abort', heard)
    call.abort('why')
    expect(heard).toHaveBeenCalledOnce()
    expect(part.signal.reason).toBe('why')
  })

  it('follows the signal of a caller with one listener', () => {
    const controller = new AbortController()
    const call = start()
    call.follow(controller.signal)
    controller.abort('enough')
    expect(call.reason).toBeInstanceOf(AbortedError)
    expect(call.reason).toMatchObject({ code: 'ABORTED', cause: 'enough' })
    const late = start()
    late.follow(controller.signal)
    expect(late.reason).toMatchObject({ code: 'ABORTED', cause: 'enough' })
  })

  it('hears nothing after unfollow', () => {
    const controller = new AbortController()
    const call = start()
    call.follow(controller.signal)
    call.unfollow(controller.signal)
    controller.abort()
    expect(call.aborted).toBe(false)
  })
})

describe('the timer of an execution', () => {
  it('is one for all timeouts of a call, set for the first that is due', () => {
    const timers = vi.spyOn(globalThis, 'setTimeout')
    const call = start()
    const outer = call.fork()
    outer.expireIn(100, total)
    const inner = outer.fork()
    inner.expireIn(10, attempt)
    inner.arm()
    outer.arm()
    expect(timers).toHaveBeenCalledOnce()
    vi.advanceTimersByTime(10)
    expect(inner.reason).toBeInstanceOf(AttemptTimeoutError)
    expect(outer.aborted).toBe(false)
    vi.advanceTimersByTime(90)
    expect(outer.reason).toBeInstanceOf(DeadlineExceededError)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('is cleared when the last timeout is released', () => {
    const outer = start().fork()
    outer.expireIn(100, total)
    const inner = outer.fork()
    inner.expireIn(10, attempt)
    inner.arm()
    inner.release()
    expect(vi.getTimerCount()).toBe(1)
    outer.release()
    expect(vi.getTimerCount()).toBe(0)
    vi.advanceTimersByTime(1_000)
    expect([inner.aborted, outer.aborted]).toEqual([false, false])
  })

  it('goes on to the next timeout after one that was released in time', () => {
    const outer = start().fork()
    outer.expireIn(100, total)
    const inner = outer.fork()
    inner.expireIn(10, attempt)
    inner.arm()
    inner.release()
    vi.advanceTimersByTime(99)
    expect(outer.aborted).toBe(false)
    vi.advanceTimersByTime(1)
    expect(outer.reason).toBeInstanceOf(DeadlineExceededError)
  })

  it('leaves an inner timeout that is not shorter to the outer one', () => {
    const outer = start().fork()
    outer.expireIn(50, total)
    const inner = outer.fork()
    const unused = vi.fn(attempt)
    inner.expireIn(50, unused)
    inner.arm()
    vi.advanceTimersByTime(50)
    expect(inner.reason).toBe(outer.reason)
    expect(inner.reason).toBeInstanceOf(DeadlineExceededError)
    expect(unused).not.toHaveBeenCalled()
  })

  it('gives an inner timeout that is longer the time of the outer one', () => {
    const outer = start().fork()
    outer.expireIn(50, total)
    const inner = outer.fork()
    inner.expireIn(500, attempt)
    expect(inner.remainingMs()).toBe(50)
  })

  it('lets the outermost speak when both are due by the time it fires, and builds no other error', () => {
    const outer = start().fork()
    outer.expireIn(50, total)
    const inner = outer.fork()
    const unused = vi.fn(attempt)
    inner.expireIn(49.5, unused)
    inner.arm()
    vi.advanceTimersByTime(60)
    expect(inner.reason).toBeInstanceOf(DeadlineExceededError)
    expect(unused).not.toHaveBeenCalled()
  })

  it('arms again when it fires too early', () => {
    const part = start().fork()
    part.expireIn(100, total)
    part.arm()
    const clock = vi.spyOn(performance, 'now').mockReturnValue(performance.now() + 50)
    vi.advanceTimersByTime(100)
    expect(part.aborted).toBe(false)
    expect(vi.getTimerCount()).toBe(1)
    clock.mockRestore()
    vi.advanceTimersByTime(100)
    expect(part.aborted).toBe(true)
  })

  it('tells what is left of all timeouts around', () => {
    const call = start()
    expect(call.remainingMs()).toBe(Number.POSITIVE_INFINITY)
    const part = call.fork()
    part.expireIn(100, total)
    part.arm()
    vi.advanceTimersByTime(30)
    expect(part.remainingMs()).toBe(70)
    expect(call.remainingMs()).toBe(Number.POSITIVE_INFINITY)
    vi.advanceTimersByTime(100)
    expect(part.remainingMs()).toBe(0)
  })
})

describe('work that lingers', () => {
  it('is known to every part around it, since a mark', async () => {
    const call = start()
    const part = call.fork()
    part.linger(Promise.reject(new Error('unheard')))
    const mark = call.lingered
    expect(mark).toBe(1)
    let end = (): void => {}
    part.linger(
      new Promise<void>((resolve) => {
        end = resolve
      }),
    )
    const ended = vi.fn()
    void call.settled(mark).then(ended)
    await call.settled(2)
    expect(ended).not.toHaveBeenCalled()
    end()
    await call.settled(0)
    expect(ended).toHaveBeenCalledOnce()
  })

  it('is known to the call also when the part was released', () => {
    const call = start()
    const part = call.fork()
    part.release()
    part.linger(Promise.resolve())
    expect(call.lingered).toBe(1)
  })
})
