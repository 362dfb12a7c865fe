/** How far snapshots lie apart at least, in milliseconds. */
const spacingMs = 100
const places = 64

/** How many calls of the last seconds were lost: a call that took long to be lost is weighed against what went well meanwhile. */
export class LossHistory {
  #outcomes = 0
  #losses = 0
  /** Rings of what the counts were at a time; the oldest are overwritten. */
  readonly #times = new Float64Array(places).fill(Number.NEGATIVE_INFINITY)
  readonly #outcomesAt = new Float64Array(places)
  readonly #lossesAt = new Float64Array(places)
  #newest = 0

  add(now: number, outcomes: number, losses: number): void {
    if (now - (this.#times[this.#newest] ?? 0) >= spacingMs) {
      this.#newest = (this.#newest + 1) % places
      this.#times[this.#newest] = now
      // What was added before this snapshot; what is added now came after it.
      this.#outcomesAt[this.#newest] = this.#outcomes
      this.#lossesAt[this.#newest] = this.#losses
    }
    this.#outcomes += outcomes
    this.#losses += losses
  }

  /** The share that was lost of what has settled since `time`. */
  shareSince(time: number): number {
    let place = this.#newest
    for (let back = 1; back < places && (this.#times[place] ?? 0) > time; back++) {
      const older = (place + places - 1) % places
      if (this.#times[older] === Number.NEGATIVE_INFINITY) break
      place = older
    }
    const outcomes = this.#outcomes - (this.#outcomesAt[place] ?? 0)
    const losses = this.#losses - (this.#lossesAt[place] ?? 0)
    return outcomes === 0 ? 0 : losses / outcomes
  }
}
