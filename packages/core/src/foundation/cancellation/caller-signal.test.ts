import { expect, it } from 'vitest'
import { followSignal, isAbortSignal, unfollowSignal } from './caller-signal.js'

/** As abortcontroller-polyfill has it: nothing but functions, called without an event. */
class PolyfilledSignal {
  aborted = false
  reason: unknown = undefined
  readonly listeners = new Set<() => void>()

  addEventListener(_: string, listener: () => void): void {
    if (typeof listener !== 'function')
      throw new TypeError('The "listener" argument must be of type function')
    this.listeners.add(listener)
  }

  removeEventListener(_: string, listener: () => void): void {
    this.listeners.delete(listener)
  }

  abort(reason: unknown): void {
    this.aborted = true
    this.reason = reason
    for (const listener of this.listeners) listener()
  }
}

it.each([
  [
    'Node.js',
    () => {
      const controller = new AbortController()
      return { signal: controller.signal, abort: (reason: unknown) => controller.abort(reason) }
    },
  ],
  [
    'a polyfill',
    () => {
      const signal = new PolyfilledSignal()
      return { signal: signal as never, abort: (reason: unknown) => signal.abort(reason) }
    },
  ],
])('follows a signal of %s', (_, open) => {
  const { signal, abort } = open()
  const reasons: unknown[] = []
  const follower = { abort: (reason: unknown) => reasons.push((reason as Error).cause) }
  const other = { abort: () => expect.unreachable() }
  followSignal(signal, follower)
  followSignal(signal, other)
  unfollowSignal(signal, other)
  abort('enough')
  followSignal(signal, follower)
  expect(reasons).toEqual(['enough', 'enough'])
})

it('leaves no listener behind', () => {
  const signal = new PolyfilledSignal()
  const follower = { abort: () => expect.unreachable() }
  followSignal(signal as never, follower)
  unfollowSignal(signal as never, follower)
  expect(signal.listeners.size).toBe(0)
})

it('tells what can be followed by its shape', () => {
  expect(isAbortSignal(new AbortController().signal)).toBe(true)
  expect(isAbortSignal(new PolyfilledSignal())).toBe(true)
  for (const value of [undefined, null, {}, { aborted: false }, { aborted: 0, addEventListener() {} }])
    expect(isAbortSignal(value)).toBe(false)
})
