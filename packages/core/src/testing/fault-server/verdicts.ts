import type { IncomingHttpHeaders } from 'node:http'

/** Which of its kind a request is, and the seed of its random numbers. */
export interface Verdict {
  readonly turn: number
  readonly seed: string
}

/**
 * Counts requests, so that what happens to each depends on the server's seed and on its turn, never on timing: the
 * n-th request to a route within a phase meets the same faults in every run. Entering a phase begins anew.
 */
export class Verdicts {
  readonly #seed: string
  readonly #header: string | undefined
  #turns = new Map<string, number>()

  constructor(seed: number | string, header: string | undefined) {
    this.#seed = String(seed)
    this.#header = header?.toLowerCase()
  }

  next(route: string, phase: string, headers: IncomingHttpHeaders): Verdict {
    const value = this.#header === undefined ? undefined : headers[this.#header]
    const key = value === undefined ? route : `${route}|${String(value)}`
    const turn = (this.#turns.get(key) ?? 0) + 1
    this.#turns.set(key, turn)
    return { turn, seed: `${this.#seed}|${phase}|${key}|${turn}` }
  }

  restart(): void {
    this.#turns = new Map()
  }
}
