import { pointOf } from './key-hash.js'
import { Decision, type VersionTally } from './traffic-decision.js'

/** Weights by the names of versions. */
export type Weights = Readonly<Record<string, number>>

interface Entry {
  readonly decision: Decision
  readonly weight: number
  readonly seed: number
}

/** The versions that get calls, by weight. Made anew whenever a weight changes. */
export class WeightTable {
  readonly weights: Weights
  readonly sum: number
  readonly #entries: readonly Entry[]
  /** Where nobody else gets anything. */
  readonly #only: Decision | undefined

  constructor(tallies: ReadonlyMap<string, VersionTally>, weights: Weights) {
    const entries: Entry[] = []
    const all: Record<string, number> = {}
    for (const [version, tally] of tallies) {
      const weight = weights[version] ?? 0
      all[version] = weight
      if (weight > 0) entries.push({ decision: new Decision(tally), weight, seed: tally.weightSeed })
    }
    this.weights = Object.freeze(all)
    this.sum = entries.reduce((sum, { weight }) => sum + weight, 0)
    this.#entries = entries
    this.#only = entries.length === 1 ? entries[0]?.decision : undefined
  }

  /** The part of the calls that a version gets, from 0 to 1. */
  shareOf(version: string): number {
    return (this.weights[version] ?? 0) / this.sum
  }

  /** The version at a point that has been drawn from 0 to below 1. */
  draw(random: () => number): Decision {
    if (this.#only !== undefined) return this.#only
    let left = random() * this.sum
    for (const { decision, weight } of this.#entries) {
      left -= weight
      if (left < 0) return decision
    }
    // Sums are rounded.
    return (this.#entries.at(-1) as Entry).decision
  }

  /**
   * The version of a key, by weighted rendezvous hashing: each version draws a number for the key, and the least one
   * divided by its weight wins. A change of weights moves keys only to versions whose share has grown and from those
   * whose share has not.
   *
   * Schindelhauer and Schomaker, "Weighted distributed hash tables", SPAA 2005.
   */
  pick(hash: number): Decision {
    if (this.#only !== undefined) return this.#only
    let chosen = (this.#entries[0] as Entry).decision
    let least = Number.POSITIVE_INFINITY
    for (const { decision, weight, seed } of this.#entries) {
      const score = -Math.log(pointOf(hash, seed)) / weight
      if (score >= least) continue
      least = score
      chosen = decision
    }
    return chosen
  }
}

/** The weights with which a version gets `percent` of the calls, and the others the rest, shared as in `weights`. */
export function withShare(weights: Weights, version: string, percent: number): Weights {
  const others = Object.entries(weights).filter(([name]) => name !== version)
  const sum = others.reduce((total, [, weight]) => total + weight, 0)
  const scaled = others.map(([name, weight]) => [name, (weight / sum) * (100 - percent)])
  return { ...weights, ...Object.fromEntries(scaled), [version]: percent }
}
