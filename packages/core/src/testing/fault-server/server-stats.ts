import type { RequestEntry } from './request-log.js'

/** What was counted for one route in one phase. */
export interface RouteStats {
  /** Requests that arrived. */
  readonly requests: number
  /** Answered properly, whatever the status. */
  readonly answered: number
  /** Ended by a fault that wrote bytes of its own. */
  readonly faulted: number
  /** Given up by their clients before an answer. */
  readonly aborted: number
  /** Worked on to the end although the client had gone. */
  readonly abandoned: number
  /** How many were answered with each status. */
  readonly statuses: Readonly<Record<number, number>>
}

/** What a fault server has counted since it started or was cleared. */
export interface FaultServerStats extends RouteStats {
  /** Requests that have arrived and not ended. */
  readonly inFlight: number
  readonly peakInFlight: number
  /** Connections that are open. */
  readonly connections: number
  /** Connections accepted altogether. */
  readonly connectionsTotal: number
  /** By the route's pattern, then by the phase in which the request arrived. */
  readonly routes: Readonly<Record<string, Readonly<Record<string, RouteStats>>>>
}

type Mutable<Type> = { -readonly [Key in keyof Type]: Type[Key] }
type Tally = Mutable<RouteStats> & { statuses: Record<number, number> }

const emptyTally = (): Tally => ({
  requests: 0,
  answered: 0,
  faulted: 0,
  aborted: 0,
  abandoned: 0,
  statuses: {},
})

/** Counts requests by route and phase. */
export class ServerStats {
  #routes = new Map<string, Map<string, Tally>>()
  #inFlight = 0
  #peakInFlight = 0

  arrived(entry: RequestEntry): void {
    this.#inFlight++
    this.#peakInFlight = Math.max(this.#peakInFlight, this.#inFlight)
    this.#tally(entry).requests++
  }

  ended(entry: RequestEntry): void {
    this.#inFlight--
    const tally = this.#tally(entry)
    if (entry.outcome !== 'pending') tally[entry.outcome]++
    if (entry.outcome === 'answered' && entry.status !== undefined) {
      tally.statuses[entry.status] = (tally.statuses[entry.status] ?? 0) + 1
    }
  }

  abandoned(entry: RequestEntry): void {
    this.#tally(entry).abandoned++
  }

  clear(): void {
    this.#routes = new Map()
    this.#peakInFlight = this.#inFlight
  }

  snapshot(connections: number, connectionsTotal: number): FaultServerStats {
    const total = emptyTally()
    const routes: Record<string, Record<string, RouteStats>> = {}
    for (const [route, phases] of this.#routes) {
      for (const [phase, tally] of phases) {
        add(total, tally)
        routes[route] = { ...routes[route], [phase]: { ...tally, statuses: { ...tally.statuses } } }
      }
    }
    const inFlight = this.#inFlight
    return { ...total, inFlight, peakInFlight: this.#peakInFlight, connections, connectionsTotal, routes }
  }

  #tally({ route, phase }: RequestEntry): Tally {
    const phases = this.#routes.get(route) ?? new Map<string, Tally>()
    const tally = phases.get(phase) ?? emptyTally()
    this.#routes.set(route, phases)
    phases.set(phase, tally)
    return tally
  }
}

function add(total: Tally, tally: Tally): void {
  total.requests += tally.requests
  total.answered += tally.answered
  total.faulted += tally.faulted
  total.aborted += tally.aborted
  total.abandoned += tally.abandoned
  for (const [status, count] of Object.entries(tally.statuses)) {
    total.statuses[Number(status)] = (total.statuses[Number(status)] ?? 0) + count
  }
}
