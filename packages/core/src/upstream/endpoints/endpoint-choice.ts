import type { Balancer } from './balancer.js'
import { ChoiceTable, leastLoaded } from './choice-table.js'
import type { EndpointGuard, EndpointState } from './endpoint-state.js'
import { tiersOf } from './endpoint-tiers.js'
import type { Tried } from './tried.js'

/** How an endpoint is chosen. */
export interface EndpointChoiceOptions<Guard extends EndpointGuard> {
  readonly balancer: Balancer
  readonly zone: string | undefined
  readonly random: () => number
  /** An ejected endpoint's time is up. */
  readonly onTimeServed: (endpoint: EndpointState<Guard>) => void
}

type States<Guard extends EndpointGuard> = readonly EndpointState<Guard>[]

/**
 * Who is in the choice. Worked out when something has changed, not for every call. Of those that are chosen alike at
 * most half are left out, because with more than half unwell it is not they who are ill, and sending everything to the
 * rest would bring that down too. All of them are left out only where others stand in for them.
 */
export class EndpointChoice<Guard extends EndpointGuard> {
  readonly #options: EndpointChoiceOptions<Guard>
  /** Those that are listed; who is in an earlier tier is chosen before who is in a later one. */
  #tiers: readonly States<Guard>[] = []
  #inUse: States<Guard> = []
  /** Asked first. */
  #preferred: ChoiceTable<Guard>
  #others: readonly ChoiceTable<Guard>[] = []
  #isStale = false
  /** When the first pause or ejection ends. */
  #changesAt = Number.POSITIVE_INFINITY

  constructor(options: EndpointChoiceOptions<Guard>) {
    this.#options = options
    this.#preferred = new ChoiceTable<Guard>([], options.random)
  }

  /** From now on these are all there are. */
  reset(listed: Iterable<EndpointState<Guard>>): void {
    this.#tiers = tiersOf([...listed])
    this.#isStale = true
  }

  /** Something has been ejected or paused. */
  invalidate(): void {
    this.#isStale = true
  }

  /** Those that are left out at `now`. */
  leftOut(now: number): ReadonlySet<EndpointState<Guard>> {
    this.#refresh(now)
    const inUse = new Set(this.#inUse)
    return new Set(this.#tiers.flat().filter((endpoint) => !inUse.has(endpoint)))
  }

  /** Whether it is not left out, well or not. */
  isInUse(endpoint: EndpointState<Guard>, now: number): boolean {
    this.#refresh(now)
    return this.#inUse.includes(endpoint)
  }

  /** The endpoint for a call; `undefined` when every one refuses. */
  pick(tried: Tried<Guard>, now: number): EndpointState<Guard> | undefined {
    this.#refresh(now)
    return this.#options.balancer(this.#preferred, tried, now) ?? this.#search(tried, now)
  }

  /** From the best that one may hope for to the last that may do. */
  #search(tried: Tried<Guard>, now: number): EndpointState<Guard> | undefined {
    return (
      leastLoaded(this.#preferred.endpoints, tried, now) ??
      this.#inOrder(tried, now) ??
      (tried === undefined ? undefined : this.#inOrder(undefined, now)) ??
      this.#atAll(tried, now) ??
      (tried === undefined ? undefined : this.#atAll(undefined, now))
    )
  }

  #inOrder(tried: Tried<Guard>, now: number): EndpointState<Guard> | undefined {
    for (const table of this.#others) {
      const found = this.#options.balancer(table, tried, now) ?? leastLoaded(table.endpoints, tried, now)
      if (found !== undefined) return found
    }
    return undefined
  }

  #atAll(tried: Tried<Guard>, now: number): EndpointState<Guard> | undefined {
    for (const tier of this.#tiers) {
      const found = leastLoaded(tier, tried, now)
      if (found !== undefined) return found
    }
    return undefined
  }

  #refresh(now: number): void {
    if (this.#isStale || now >= this.#changesAt) this.#workOut(now)
  }

  #workOut(now: number): void {
    this.#changesAt = Number.POSITIVE_INFINITY
    const { random } = this.#options
    const wells = this.#tiers.map((tier) => tier.filter((endpoint) => this.#isWell(endpoint, now)))
    const isAnyWell = wells.some((well) => well.length > 0)
    const used = this.#tiers.map((tier, place) => {
      const well = wells[place] ?? []
      if (well.length === 0 && isAnyWell) return well
      return well.length * 2 < tier.length ? tier : well
    })
    const first = used.findIndex((endpoints) => endpoints.length > 0)
    const near = this.#inZone(this.#tiers[first] ?? [], wells[first] ?? [])
    this.#inUse = used.flat()
    this.#others = used
      .filter((endpoints) => endpoints.length > 0)
      .map((endpoints) => new ChoiceTable(endpoints, random))
    // Made last, because a weight counts by the table that is asked first.
    this.#preferred = new ChoiceTable(near ?? used[first] ?? [], random)
    this.#isStale = false
  }

  #isWell(endpoint: EndpointState<Guard>, now: number): boolean {
    const { ejectedUntil, pausedUntil } = endpoint
    if (ejectedUntil > 0 && ejectedUntil <= now) this.#options.onTimeServed(endpoint)
    if (ejectedUntil > now) this.#changesAt = Math.min(this.#changesAt, ejectedUntil)
    if (pausedUntil > now) this.#changesAt = Math.min(this.#changesAt, pausedUntil)
    return !endpoint.isUnwell(now)
  }

  /** Those of the own zone, while at least half of them are well. */
  #inZone(all: States<Guard>, well: States<Guard>): States<Guard> | undefined {
    const { zone } = this.#options
    if (zone === undefined) return undefined
    const isNear = (state: EndpointState<Guard>): boolean => state.endpoint.zone === zone
    const near = well.filter(isNear)
    return near.length > 0 && near.length * 2 >= all.filter(isNear).length ? near : undefined
  }
}
