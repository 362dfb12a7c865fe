import { ClosedError } from '../../foundation/errors/index.js'
import type { Abortable } from '../../policies/index.js'

/** The calls of a client that have not settled. */
export class CallLedger {
  readonly #calls = new Set<Abortable>()
  #isClosed = false
  #onIdle: (() => void) | undefined = undefined

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** Whether every call has settled. */
  get isIdle(): boolean {
    return this.#calls.size === 0
  }

  begin(call: Abortable): void {
    this.#calls.add(call)
  }

  end(call: Abortable): void {
    this.#calls.delete(call)
    if (this.#calls.size === 0) this.#onIdle?.()
  }

  /** Refuses further calls, and settles when the last one has. */
  async close(): Promise<void> {
    this.#isClosed = true
    if (this.#calls.size === 0) return
    await new Promise<void>((resolve) => {
      this.#onIdle = resolve
    })
  }

  /** Ends all of them, each with an error of its own. */
  cut(): void {
    for (const call of [...this.#calls]) {
      call.abort(new ClosedError('the client was closed before the end of the call'))
    }
  }
}
