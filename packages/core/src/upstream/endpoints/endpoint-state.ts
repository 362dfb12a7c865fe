import type { Endpoint } from './endpoint.js'
import { LatencyCost } from './latency-cost.js'

/** What a settled call says about the latency of its endpoint: the column of that name of the client's table. */
export type LatencyVerdict = 'measured' | 'penalty' | 'timeout' | 'none'

/** What the owner of a set keeps for each endpoint, such as its circuit breaker. */
export interface EndpointGuard {
  /** Whether a call that began now would be refused. Read for every choice: it must be cheap. */
  readonly refuses: boolean
  /** Milliseconds until it may refuse no more; `undefined` where nobody knows. */
  readonly retryAfterMs: number | undefined
  /** Called once, when the endpoint has gone and the last call on it has settled. */
  close(): void
}

/** Who is told of what happens on an endpoint. */
export interface EndpointOwner {
  /** What calls cost on the other endpoints, in milliseconds; 0 while nothing is known. */
  readonly typicalMs: number
  settled(endpoint: EndpointState<EndpointGuard>, verdict: LatencyVerdict, now: number): void
  paused(): void
}

/** The longest that an endpoint is left alone because it asked for it. */
const maxPauseMs = 60_000

/** An endpoint on probation seems so dear that a second call goes elsewhere. */
const probationMs = 1e6

/** What is known of one endpoint. One object for as long as the endpoint is listed or has calls in flight. */
export class EndpointState<Guard extends EndpointGuard = EndpointGuard> {
  readonly guard: Guard
  readonly cost = new LatencyCost()
  readonly #owner: EndpointOwner
  /** The latest that was said of it: weight and zone may change. */
  endpoint: Endpoint
  inFlight = 0
  /** Whether it is listed no more: it gets no new calls. */
  draining = false
  /** Whether it has drained and its guard is closed. */
  released = false
  /** Until when it is left alone because it asked for it, by `performance.now()`. */
  pausedUntil = 0
  /** Until when it is ejected, by `performance.now()`. */
  ejectedUntil = 0
  /** How often it has been ejected lately, which makes the next time longer. */
  ejections = 0
  failuresInARow = 0
  /** Outcomes of the interval that is judged next. */
  successes = 0
  failures = 0
  /** Whether it has just been readmitted, and gets one call at a time until one succeeds. */
  onProbation = false
  /** The mean weight of the choice over its own. */
  weightScale = 1
  /** What round robin owes it. */
  credit = 0

  constructor(endpoint: Endpoint, guard: Guard, owner: EndpointOwner) {
    this.endpoint = endpoint
    this.guard = guard
    this.#owner = owner
  }

  /**
   * What another call would cost: latency times what is in flight, by weight. Latency counts to the power of 1.5: by
   * its plain value a replica that is ten times slower gets 0.6 % of the calls as long as the others are busy, and that
   * is seen in the 99th percentile; squared, the chance in what has been measured is seen there.
   *
   * One of which nothing is known costs nothing until a call is on its way to it: it is tried soon, however few calls
   * there are, by one call at a time.
   */
  load(now: number): number {
    if (this.inFlight === 0 && !this.cost.isKnown) return 0
    const ms = this.onProbation && this.inFlight > 0 ? probationMs : this.cost.at(now, this.#owner.typicalMs)
    return ms * Math.sqrt(ms) * (1 + this.inFlight * this.weightScale)
  }

  /** What calls cost here, in milliseconds. */
  costMs(now: number): number {
    return this.cost.at(now, this.#owner.typicalMs)
  }

  /** A call is sent to it. */
  began(): void {
    this.inFlight++
  }

  /** A call that began has settled after `ms`; `none` for what says nothing about the endpoint. */
  settled(verdict: LatencyVerdict, ms: number, now: number): void {
    if (this.inFlight > 0) this.inFlight--
    if (verdict === 'measured') this.cost.measured(ms, now, this.#owner.typicalMs)
    else if (verdict !== 'none') this.cost.failed(verdict === 'timeout' ? ms : 0, now, this.#owner.typicalMs)
    this.#owner.settled(this, verdict, now)
  }

  /** It asked to be left alone for `ms`; a minute is the longest that is believed. */
  pause(ms: number, now: number): void {
    const until = now + Math.min(ms, maxPauseMs)
    if (!(until > this.pausedUntil)) return
    const wasPaused = this.pausedUntil > now
    this.pausedUntil = until
    if (!wasPaused) this.#owner.paused()
  }

  /** Whether it had better be left out of the choice. */
  isUnwell(now: number): boolean {
    return this.ejectedUntil > now || this.pausedUntil > now
  }
}
