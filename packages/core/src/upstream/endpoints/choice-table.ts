import type { EndpointGuard, EndpointState } from './endpoint-state.js'
import { type Tried, wasTried } from './tried.js'

/**
 * How many times less load than the first one the second of two must have where weights differ. Whoever is drawn for
 * its weight would otherwise lose half of its calls to the chance in what has been measured.
 */
const weightedLead = 2

/** The endpoints among which calls are spread, prepared so that a draw by weight is fast. */
export class ChoiceTable<Guard extends EndpointGuard> {
  readonly endpoints: readonly EndpointState<Guard>[]
  /** How many times less load the second of two must have to be chosen. */
  readonly lead: number
  /** Sums of weights; `undefined` where all weigh the same. */
  readonly #sums: Float64Array | undefined
  readonly #random: () => number

  constructor(endpoints: readonly EndpointState<Guard>[], random: () => number) {
    this.endpoints = endpoints
    this.#random = random
    this.#sums = sumsOf(endpoints)
    this.lead = this.#sums === undefined ? 1 : weightedLead
  }

  /** The place of an endpoint, drawn by weight. */
  draw(): number {
    const { length } = this.endpoints
    const sums = this.#sums
    const chance = this.#random()
    // A `random` of the user that leaves [0, 1) must not leave the table.
    if (!(chance >= 0 && chance < 1)) return 0
    if (sums === undefined) return (chance * length) | 0
    const wanted = chance * (sums[length - 1] as number)
    let low = 0
    let high = length - 1
    while (low < high) {
      const middle = (low + high) >> 1
      if ((sums[middle] as number) > wanted) high = middle
      else low = middle + 1
    }
    return low
  }

  /** Another place than `taken`, drawn by weight; `taken` itself where there is only one. */
  drawOther(taken: number): number {
    const { length } = this.endpoints
    if (length < 3) return length - 1 - taken
    for (let draws = 0; draws < 3; draws++) {
      const place = this.draw()
      if (place !== taken) return place
    }
    return (taken + 1) % length
  }
}

/** Whether a call that was sent to `tried` may be sent to `endpoint`. */
export function isOpenTo<Guard extends EndpointGuard>(
  endpoint: EndpointState<Guard>,
  tried: Tried<Guard>,
): boolean {
  return !endpoint.guard.refuses && (tried === undefined || !wasTried(tried, endpoint))
}

/** The one of least load that `tried` may be sent to: looks at all of them, where drawing has found none. */
export function leastLoaded<Guard extends EndpointGuard>(
  endpoints: readonly EndpointState<Guard>[],
  tried: Tried<Guard>,
  now: number,
): EndpointState<Guard> | undefined {
  let best: EndpointState<Guard> | undefined
  let least = Number.POSITIVE_INFINITY
  for (const endpoint of endpoints) {
    if (!isOpenTo(endpoint, tried)) continue
    const load = endpoint.load(now)
    if (best !== undefined && load >= least) continue
    best = endpoint
    least = load
  }
  return best
}

/** Also sets each endpoint's share of the load. Weights that sum to zero are all the same. */
function sumsOf(endpoints: readonly EndpointState<EndpointGuard>[]): Float64Array | undefined {
  const sums = new Float64Array(endpoints.length)
  let sum = 0
  let isEven = true
  endpoints.forEach(({ endpoint: { weight } }, index) => {
    sum += weight
    sums[index] = sum
    isEven &&= weight === endpoints[0]?.endpoint.weight
  })
  const isUsable = sum > 0 && Number.isFinite(sum)
  const mean = sum / endpoints.length
  for (const state of endpoints) {
    const { weight } = state.endpoint
    state.weightScale = isEven || !isUsable ? 1 : Math.min(mean / weight, 1e6)
  }
  return isEven || !isUsable ? undefined : sums
}
