/** Timers that can all be dropped together. */
export class Timers {
  readonly #pending = new Set<NodeJS.Timeout>()

  /** Settles after `ms` milliseconds; never, once the timers have been dropped. */
  wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#pending.delete(timer)
        resolve()
      }, ms)
      this.#pending.add(timer)
    })
  }

  drop(): void {
    for (const timer of this.#pending) clearTimeout(timer)
    this.#pending.clear()
  }
}
