import { AbortedError } from '../errors/index.js'

interface Follower {
  abort(reason: unknown): void
}

/** The calls that follow one signal. An `EventTarget` takes this very object as its listener. */
class SharedListener {
  readonly followers = new Set<Follower>()

  handleEvent(event: { readonly target: unknown }): void {
    const signal = event.target as AbortSignal
    listeners.delete(signal)
    for (const follower of this.followers) follower.abort(abortedBy(signal))
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
    listener = new SharedListener()
    signal.addEventListener('abort', listener, { once: true })
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
  signal.removeEventListener('abort', listener)
}

/** An error for each call: it is told the call's own attempts and time. */
function abortedBy(signal: AbortSignal): AbortedError {
  return new AbortedError(undefined, { cause: signal.reason })
}
