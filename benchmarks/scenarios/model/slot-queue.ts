/** Slots, and who waits for one, first come first served. */
export class SlotQueue {
  #free: number
  readonly #waiting: (() => void)[] = []
  #head = 0

  constructor(slots: number) {
    this.#free = slots
  }

  async acquire(): Promise<void> {
    if (this.#free > 0) {
      this.#free--
      return
    }
    await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  /** Hands the slot on to whoever waits longest. */
  release(): void {
    const next = this.#waiting[this.#head]
    if (next === undefined) {
      this.#free++
      return
    }
    this.#head++
    if (this.#head > 1_000 && this.#head * 2 > this.#waiting.length) {
      this.#waiting.splice(0, this.#head)
      this.#head = 0
    }
    next()
  }
}
