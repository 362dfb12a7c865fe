import { AsyncResource } from 'node:async_hooks'
import { followSignal, unfollowSignal } from './caller-signal.js'

/** Something that can be told to stop. */
export interface Abortable {
  abort(reason: unknown): void
}

/**
 * What can be aborted, and who wants to hear of it. Nothing allocates an `AbortController` until somebody reads
 * `signal`: on Node 20 a controller with a listener costs more than the rest of a call.
 */
export class AbortScope implements Abortable {
  #aborted = false
  #reason: unknown = undefined
  #attached: Abortable | Abortable[] | undefined = undefined
  #controller: AbortController | undefined = undefined
  #readerContext: AsyncResource | undefined = undefined

  get aborted(): boolean {
    return this.#aborted
  }

  /** Why it was aborted. */
  get reason(): unknown {
    return this.#reason
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      // A timer serves many calls and an abort may come from anywhere: listeners get the context of who listens.
      this.#readerContext = new AsyncResource('HoldfastSignal')
      if (this.#aborted) this.#controller.abort(this.#reason)
    }
    return this.#controller.signal
  }

  abort(reason: unknown): void {
    if (this.#aborted) return
    this.#aborted = true
    this.#reason = reason
    const attached = this.#attached
    this.#attached = undefined
    if (Array.isArray(attached)) for (const one of attached) one.abort(reason)
    else attached?.abort(reason)
    this.#readerContext?.runInAsyncScope(() => this.#controller?.abort(reason))
  }

  /** Has `listener` told of an abort, at once if it has happened. */
  attach(listener: Abortable): void {
    if (this.#aborted) listener.abort(this.#reason)
    else if (this.#attached === undefined) this.#attached = listener
    else if (Array.isArray(this.#attached)) this.#attached.push(listener)
    else this.#attached = [this.#attached, listener]
  }

  detach(listener: Abortable): void {
    if (this.#attached === listener) this.#attached = undefined
    else if (Array.isArray(this.#attached)) {
      const index = this.#attached.indexOf(listener)
      if (index !== -1) this.#attached.splice(index, 1)
    }
  }

  /** Follows the caller's signal until `unfollow`. */
  follow(signal: AbortSignal): void {
    followSignal(signal, this)
  }

  unfollow(signal: AbortSignal): void {
    unfollowSignal(signal, this)
  }
}
