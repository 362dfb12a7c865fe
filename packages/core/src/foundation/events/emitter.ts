import { isThenable } from '../cancellation/index.js'
import { show } from '../config/index.js'

/** A listener of one event. */
export type Listener<Event> = (event: Event) => void

/** Takes a listener off again. */
export type Unsubscribe = () => void

/** One subscription: the same function may have several. */
interface Subscription {
  readonly listener: Listener<never>
}

/** Reports what a listener threw as a process warning. */
export function warnOfListener(subject: string, error: unknown): void {
  process.emitWarning(`${subject} threw: ${show(error)}`, 'HoldfastWarning')
}

/**
 * Typed events that cost nothing while nobody listens. A listener that throws changes nothing for anybody else:
 * its error is reported as a process warning, once per event name.
 */
export class Emitter<Events extends object> {
  readonly #listeners = new Map<keyof Events, readonly Subscription[]>()
  readonly #warned = new Set<keyof Events>()

  on<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>): Unsubscribe {
    const subscription: Subscription = { listener }
    this.#listeners.set(name, [...(this.#listeners.get(name) ?? []), subscription])
    return () => this.#remove(name, subscription)
  }

  /** Whether building the event is worth it. */
  has(name: keyof Events): boolean {
    return this.#listeners.has(name)
  }

  emit<Name extends keyof Events>(name: Name, event: Events[Name]): void {
    const listeners = this.#listeners.get(name)
    if (listeners === undefined) return
    for (const { listener } of listeners) {
      try {
        const returned: unknown = (listener as Listener<Events[Name]>)(event)
        if (isThenable(returned)) returned.then(undefined, (error) => this.#warn(name, error))
      } catch (error) {
        this.#warn(name, error)
      }
    }
  }

  #remove(name: keyof Events, subscription: Subscription): void {
    const left = this.#listeners.get(name)?.filter((one) => one !== subscription) ?? []
    if (left.length === 0) this.#listeners.delete(name)
    else this.#listeners.set(name, left)
  }

  #warn(name: keyof Events, error: unknown): void {
    if (this.#warned.has(name)) return
    this.#warned.add(name)
    warnOfListener(`a listener of '${String(name)}'`, error)
  }
}
