import Opossum from 'opossum'
import { isThenable } from '../../foundation/cancellation/index.js'
import { warnOfListener } from '../../foundation/events/index.js'

/** opossum's breaker, as its own type declarations have it. */
export type OpossumBreaker = Opossum

/**
 * opossum's breaker, whose listeners cannot do harm: opossum emits from within calls and from its own timer, where
 * an exception would end the process.
 */
export class ObservedOpossum extends Opossum {
  readonly #warned = new Set<string | symbol>()
  /** opossum's own, which make its timer. */
  readonly #ownOpenListeners: readonly unknown[] = this.rawListeners('open')
  #isQuiet = false

  /** Runs what changes the state without telling anybody but opossum itself. */
  quietly(run: () => void): void {
    this.#isQuiet = true
    try {
      run()
    } finally {
      this.#isQuiet = false
    }
  }

  override emit(event: string | symbol, ...args: unknown[]): boolean {
    if (this.#isQuiet) return event === 'open' && this.notify(event, this.#ownOpenListeners, args)
    return this.notify(event, this.rawListeners(event), args)
  }

  /** Calls `listeners`, all of them, whatever one of them throws. */
  notify(event: string | symbol, listeners: readonly unknown[], args: readonly unknown[]): boolean {
    for (const listener of listeners) {
      try {
        const returned: unknown = Reflect.apply(listener as () => unknown, this, args)
        if (isThenable(returned)) returned.then(undefined, (error) => this.#warn(event, error))
      } catch (error) {
        this.#warn(event, error)
      }
    }
    return listeners.length > 0
  }

  #warn(event: string | symbol, error: unknown): void {
    if (this.#warned.has(event)) return
    this.#warned.add(event)
    warnOfListener(`a listener of '${String(event)}' of the opossum breaker '${this.name}'`, error)
  }
}
