/** The calls of a face that have not settled. */
export class CallLedger {
  #active = 0
  #isClosed = false
  #onIdle: (() => void) | undefined = undefined

  get isClosed(): boolean {
    return this.#isClosed
  }

  begin(): void {
    this.#active++
  }

  end(): void {
    if (--this.#active === 0) this.#onIdle?.()
  }

  /** Refuses further calls, and settles when the last one has. */
  async close(): Promise<void> {
    this.#isClosed = true
    if (this.#active === 0) return
    await new Promise<void>((resolve) => {
      this.#onIdle = resolve
    })
  }
}
