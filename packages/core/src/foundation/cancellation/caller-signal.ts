import { AbortedError } from '../errors/index.js'

interface Follower {
  abort(reason: unknown): void
}

/** The calls that follow one signal. Polyfills take nothing but functions for listeners, and give them no event. */
class SharedListener {
  readonly followers = new Set<Follower>()
  readonly onAbort: () => void

  constructor(signal: AbortSignal) {
    this.onAbort = () => {
      listeners.delete(signal)
      for (const follower of this.followers) follower.abort(abortedBy(signal))
    }
  }
}

const listeners = new WeakMap<AbortSignal, SharedListener>()

/**
 * Aborts `follower` with `ABORTED` when the caller's signal aborts, at once if it has. All calls that follow a
 * signal share one listener on it: Node warns of a leak at the eleventh, and a service may well hand one signal
 * to every call that it makes.
 */
export function followSignal(signal: AbortSignal, follower: Follower): void {
  if (signal.aborted) {
    follower.abort(abortedBy(signal))
    return
  }
  let listener = listeners.get(signal)
  if (listener === undefined) {
    listener = new SharedListener(signal)
    signal.addEventListener('abort', listener.onAbort, { once: true })
    listeners.set(signal, listener)
  }
  listener.followers.add(follower)
}

/** Ends `followSignal`; takes the listener off with the last follower. */
export function unfollowSignal(signal: AbortSignal, follower: Follower): void {
  const listener = listeners.get(signal)
  if (listener === undefined) return
  listener.followers.delete(follower)
  if (listener.followers.size > 0) return
  listeners.delete(signal)
  signal.removeEventListener('abort', listener.onAbort)
}

/** An error for each call: it is told the call's own attempts and time. */
function abortedBy(signal: AbortSignal): AbortedError {
  return new AbortedError(undefined, { cause: signal.reason })
}

/** Whether `value` can be followed, by its shape: polyfills and the sandboxes of test runners have kinds of their own. */
export function isAbortSignal(value: unknown): value is AbortSignal {
  const { aborted, addEventListener, removeEventListener } = (value ?? {}) as Partial<AbortSignal>
  return (
    typeof aborted === 'boolean' &&
    typeof addEventListener === 'function' &&
    typeof removeEventListener === 'function'
  )
}
