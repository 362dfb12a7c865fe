import { ClosedError } from '../../foundation/errors/index.js'
import type { Abortable } from '../../policies/index.js'

/** A call that knows its place among those that have not settled; -1 for none. */
export interface LedgerEntry extends Abortable {
  place: number
}

/** The calls of a client that have not settled. */
export class CallLedger {
  /**
   * In no order. A `Set` would keep every third call alive until a mark-sweep: the tables that it outgrows are promoted
   * with the calls in them.
   */
  readonly #calls: LedgerEntry[] = []
  #isClosed = false
  #onIdle: (() => void) | undefined = undefined

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** Whether every call has settled. */
  get isIdle(): boolean {
    return this.#calls.length === 0
  }

  begin(call: LedgerEntry): void {
    call.place = this.#calls.length
    this.#calls.push(call)
  }

  end(call: LedgerEntry): void {
    const { place } = call
    if (place === -1) return
    call.place = -1
    const last = this.#calls.pop() as LedgerEntry
    if (last !== call) {
      this.#calls[place] = last
      last.place = place
    }
    if (this.#calls.length === 0) this.#onIdle?.()
  }

  /** Refuses further calls, and settles when the last one has. */
  async close(): Promise<void> {
    this.#isClosed = true
    if (this.#calls.length === 0) return
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
