import { type ChoiceTable, isOpenTo } from './choice-table.js'
import type { EndpointGuard, EndpointState } from './endpoint-state.js'
import type { Tried } from './tried.js'

/** One way to choose; gives nothing where it finds none that is open to the call without looking at all of them. */
export type Balancer = <Guard extends EndpointGuard>(
  table: ChoiceTable<Guard>,
  tried: Tried<Guard>,
  now: number,
) => EndpointState<Guard> | undefined

const maxDraws = 3
/**
 * How many times less load the second of two must have while nothing is in flight on either: what is left to compare
 * then is chance in what has been measured, and calls that follow each other would stick to one of them.
 */
const idleLead = 2

/**
 * The better one of two that are drawn by weight. It finds a good endpoint without looking at all, and never sends
 * everybody to the single best one at once. (Mitzenmacher, The Power of Two Choices in Randomized Load Balancing.)
 */
export const powerOfTwo: Balancer = (table, tried, now) => {
  const { endpoints } = table
  if (endpoints.length === 0) return undefined
  for (let draws = 0; draws < maxDraws; draws++) {
    const place = table.draw()
    const first = endpoints[place]
    if (first === undefined) return undefined
    if (endpoints.length === 1) return isOpenTo(first, tried) ? first : undefined
    const second = endpoints[table.drawOther(place)] ?? first
    const mayFirst = isOpenTo(first, tried)
    const maySecond = isOpenTo(second, tried)
    if (mayFirst) {
      // Of equals the first: what is drawn by weight is then chosen by weight.
      const lead = first.inFlight + second.inFlight === 0 ? idleLead : table.lead
      return maySecond && second.load(now) * lead < first.load(now) ? second : first
    }
    if (maySecond) return second
  }
  return undefined
}

/** Everybody in turn, by weight, without runs of the heaviest. (nginx's smooth weighted round robin.) */
export const roundRobin: Balancer = ({ endpoints }, tried) => {
  let next: (typeof endpoints)[number] | undefined
  let sum = 0
  for (const candidate of endpoints) {
    // Weights that sum to zero are all the same, and so is the share of each.
    const share = 1 / candidate.weightScale
    candidate.credit += share
    sum += share
    if (next === undefined || candidate.credit > next.credit) next = candidate
  }
  if (next === undefined) return undefined
  next.credit -= sum
  return isOpenTo(next, tried) ? next : undefined
}
