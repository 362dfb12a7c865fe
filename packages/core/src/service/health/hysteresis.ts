import type { HealthResult } from './health-check.js'

/** Keeps a check from flapping: it changes sides after so many runs in a row only. The first run decides at once. */
export class Hysteresis {
  readonly #failuresBeforeDown: number
  readonly #successesBeforeUp: number
  #side: 'unknown' | 'up' | 'down' = 'unknown'
  /** Runs in a row that spoke for the other side. */
  #against = 0

  constructor(failuresBeforeDown: number, successesBeforeUp: number) {
    this.#failuresBeforeDown = failuresBeforeDown
    this.#successesBeforeUp = successesBeforeUp
  }

  /** What to report after a run that gave `result`. */
  settle(result: HealthResult): HealthResult {
    const side = result.status === 'fail' ? 'down' : 'up'
    const needed = side === 'down' ? this.#failuresBeforeDown : this.#successesBeforeUp
    this.#against = side === this.#side ? 0 : this.#against + 1
    if (this.#side === 'unknown' || this.#against >= needed) {
      this.#side = side
      this.#against = 0
    }
    if (side === this.#side) return result
    const count = `${this.#against} of ${needed}`
    return side === 'down'
      ? { ...result, status: 'warn', output: `failed ${count} times: ${result.output ?? 'no reason given'}` }
      : { ...result, status: 'fail', output: `passed ${count} times after a failure` }
  }
}
