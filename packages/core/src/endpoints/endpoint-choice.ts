import type { Balancer } from './balancer.js'
import { ChoiceTable, leastLoaded } from './choice-table.js'
import type { EndpointGuard, EndpointState } from './endpoint-state.js'
import type { Tried } from './tried.js'

/** How an endpoint is chosen. */
export interface EndpointChoiceOptions<Guard extends EndpointGuard> {
  readonly balancer: Balancer
  readonly zone: string | undefined
  readonly random: () => number
  /** An ejected endpoint's time is up. */
  readonly onTimeServed: (endpoint: EndpointState<Guard>) => void
}

/**
 * Who is in the choice. Worked out when something has changed, not for every call: at most half of the endpoints are
 * left out, because with more than half unwell it is not they who are ill, and sending everything to the rest would
 * bring that down too.
 */
export class EndpointChoice<Guard extends EndpointGuard> {
  readonly #options: EndpointChoiceOptions<Guard>
  #listed: readonly EndpointState<Guard>[] = []
  #well: readonly EndpointState<Guard>[] = []
  #preferred: ChoiceTable<Guard>
  #isStale = false
  /** Whether more than half are unwell, so that nobody is left out. */
  isHealthIgnored = false
  /** When the first pause or ejection ends. */
  #changesAt = Number.POSITIVE_INFINITY

  constructor(options: EndpointChoiceOptions<Guard>) {
    this.#options = options
    this.#preferred = new ChoiceTable<Guard>([], options.random)
  }

  /** From now on these are all there are. */
  reset(listed: Iterable<EndpointState<Guard>>): void {
    this.#listed = [...listed]
    this.#isStale = true
  }

  /** Something has been ejected or paused. */
  invalidate(): void {
    this.#isStale = true
  }

  /** Those that are left out at `now`. */
  leftOut(now: number): ReadonlySet<EndpointState<Guard>> {
    this.#refresh(now)
    const well = new Set(this.#well)
    return new Set(this.#listed.filter((endpoint) => !well.has(endpoint)))
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
      leastLoaded(this.#well, tried, now) ??
      (tried === undefined ? undefined : leastLoaded(this.#well, undefined, now)) ??
      leastLoaded(this.#listed, tried, now) ??
      (tried === undefined ? undefined : leastLoaded(this.#listed, undefined, now))
    )
  }

  #refresh(now: number): void {
    if (this.#isStale || now >= this.#changesAt) this.#workOut(now)
  }

  #workOut(now: number): void {
    this.#changesAt = Number.POSITIVE_INFINITY
    const well = this.#listed.filter((endpoint) => {
      const { ejectedUntil, pausedUntil } = endpoint
      if (ejectedUntil > 0 && ejectedUntil <= now) this.#options.onTimeServed(endpoint)
      if (ejectedUntil > now) this.#changesAt = Math.min(this.#changesAt, ejectedUntil)
      if (pausedUntil > now) this.#changesAt = Math.min(this.#changesAt, pausedUntil)
      return !endpoint.isUnwell(now)
    })
    this.isHealthIgnored = well.length * 2 < this.#listed.length
    this.#well = this.isHealthIgnored ? this.#listed : well
    this.#preferred = new ChoiceTable(this.#inZone(well) ?? this.#well, this.#options.random)
    this.#isStale = false
  }

  /** Those of the own zone, while at least half of them are well. */
  #inZone(well: readonly EndpointState<Guard>[]): readonly EndpointState<Guard>[] | undefined {
    const { zone } = this.#options
    if (zone === undefined) return undefined
    const isNear = (state: EndpointState<Guard>): boolean => state.endpoint.zone === zone
    const near = well.filter(isNear)
    return near.length > 0 && near.length * 2 >= this.#listed.filter(isNear).length ? near : undefined
  }
}
