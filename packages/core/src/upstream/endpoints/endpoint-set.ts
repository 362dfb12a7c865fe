import { show } from '../../foundation/config/index.js'
import { CircuitOpenError, ClosedError, NoEndpointsError } from '../../foundation/errors/index.js'
import { Emitter } from '../../foundation/events/index.js'
import type { Execution } from '../../policies/index.js'
import { type Balancer, powerOfTwo, roundRobin } from './balancer.js'
import { type BalancingOptions, defaultMaxEndpoints, resolveEjection } from './balancing-options.js'
import type { Endpoint, EndpointInput } from './endpoint.js'
import { EndpointChoice } from './endpoint-choice.js'
import {
  type EndpointGuard,
  type EndpointOwner,
  EndpointState,
  type LatencyVerdict,
} from './endpoint-state.js'
import { FirstAnswer } from './first-answer.js'
import { Membership } from './membership.js'
import { type EjectionReason, OutlierDetector } from './outlier-detector.js'
import type { Resolver } from './resolver.js'
import { ResolverFeed } from './resolver-feed.js'
import { staticEndpoints } from './static-endpoints.js'
import type { Tried } from './tried.js'

/** What happens to the endpoints of a set. */
export interface EndpointEvents {
  /** It is in use from now on, or again. */
  added: { readonly endpoint: Endpoint }
  /** It is listed no more: it gets no new calls. */
  removed: { readonly endpoint: Endpoint; readonly inFlight: number }
  /** The last call on a removed endpoint has settled, and what was known of it is forgotten. */
  released: { readonly endpoint: Endpoint }
  ejected: { readonly endpoint: Endpoint; readonly reason: EjectionReason; readonly ejectedMs: number }
  readmitted: { readonly endpoint: Endpoint }
  /** A resolver failed, or gave something of no use; the endpoints known before stay. */
  resolverError: { readonly error: unknown }
}

/** What a set needs. */
export interface EndpointSetOptions<Guard extends EndpointGuard> {
  readonly source: Resolver | readonly EndpointInput[]
  readonly balancing?: BalancingOptions | undefined
  /** Source of chance, from 0 to below 1. */
  readonly random?: (() => number) | undefined
  /** Makes what the owner keeps for an endpoint; its `close()` is called when the endpoint has gone. */
  readonly createGuard: (endpoint: Endpoint) => Guard
}

/** What is known of one endpoint at one moment. */
export interface EndpointSnapshot<Guard extends EndpointGuard> {
  readonly endpoint: Endpoint
  readonly guard: Guard
  /** `unwell` is left out of the choice: ejected, or paused because it asked for it. */
  readonly state: 'active' | 'unwell' | 'draining'
  readonly inFlight: number
  /** What a call costs, in milliseconds: its recent latency, failures included. */
  readonly costMs: number
}

const balancers: Readonly<Record<NonNullable<BalancingOptions['algorithm']>, Balancer>> = {
  powerOfTwo,
  roundRobin,
}

/** The weight of the latest answer in what is typical. */
const typicalShare = 1 / 32

/** The endpoints of one dependency: who they are, how they do, and which one is next. */
export class EndpointSet<Guard extends EndpointGuard> implements EndpointOwner {
  readonly events = new Emitter<EndpointEvents>()
  typicalMs = 0
  readonly #allowEmpty: boolean
  readonly #members: Membership<Guard>
  readonly #choice: EndpointChoice<Guard>
  readonly #detector: OutlierDetector | undefined
  readonly #feed: ResolverFeed
  readonly #firstAnswer = new FirstAnswer()
  /** Why there are none, once that is known. */
  #failure: { readonly message: string; readonly cause: unknown } | undefined = undefined
  #isClosed = false

  /** Nothing happens before `start()`, so that one can subscribe to the events. */
  constructor({ source, balancing = {}, random = Math.random, createGuard }: EndpointSetOptions<Guard>) {
    const ejection = resolveEjection(balancing.ejection)
    this.#allowEmpty = balancing.allowEmpty ?? false
    this.#detector = ejection && new OutlierDetector(ejection, performance.now())
    this.#members = new Membership(
      balancing.maxEndpoints ?? defaultMaxEndpoints,
      (endpoint) => new EndpointState(endpoint, createGuard(endpoint), this),
    )
    this.#choice = new EndpointChoice({
      balancer: balancers[balancing.algorithm ?? 'powerOfTwo'],
      zone: balancing.zone,
      random,
      onTimeServed: (state) => this.#readmit(state),
    })
    this.#feed = new ResolverFeed('watch' in source ? source : staticEndpoints(source), {
      endpoints: (endpoints) => this.#update(endpoints),
      empty: () => this.#empty(),
      error: (error) => this.#failed(error),
    })
  }

  /** How many endpoints are listed. */
  get size(): number {
    return this.#members.size
  }

  /** How many are listed no more but have calls in flight. */
  get draining(): number {
    return this.#members.drainingSize
  }

  /** Asks the resolver. */
  start(): void {
    this.#feed.start()
  }

  /**
   * Nothing when an endpoint is known; else a promise that settles when the resolver has answered.
   * @throws {NoEndpointsError} `NO_ENDPOINTS` when it has failed, or the call's time runs out first.
   */
  ready(execution: Execution): Promise<void> | undefined {
    if (this.#members.size > 0) return undefined
    if (this.#isClosed) return Promise.reject(new ClosedError())
    if (this.#failure === undefined) return this.#firstAnswer.wait(execution)
    this.#feed.refresh()
    return Promise.reject(this.#noEndpoints())
  }

  /** The endpoint for an attempt, not one of `tried` if it can be helped; `undefined` when all refuse. */
  pick(tried: Tried<Guard>, now: number): EndpointState<Guard> | undefined {
    return this.#choice.pick(tried, now)
  }

  /** Why `pick` found none: `CIRCUIT_OPEN` with the time until the first probe, or `NO_ENDPOINTS`. */
  refusal(): CircuitOpenError | NoEndpointsError {
    const { size } = this.#members
    if (size === 0) return this.#noEndpoints()
    let least = Number.POSITIVE_INFINITY
    for (const { guard } of this.#members.listed) least = Math.min(least, guard.retryAfterMs ?? least)
    const retryAfterMs = least === Number.POSITIVE_INFINITY ? undefined : least
    const next = retryAfterMs === undefined ? '' : `; the next probe is due in ${Math.ceil(retryAfterMs)} ms`
    const whose =
      size === 1 ? 'the circuit of the only endpoint is' : `the circuits of all ${size} endpoints are`
    return new CircuitOpenError(`${whose} open${next}`, retryAfterMs)
  }

  /** Has the resolver look again, soon, because an endpoint could not be reached. */
  refresh(): void {
    this.#feed.refresh()
  }

  snapshot(now: number): EndpointSnapshot<Guard>[] {
    const leftOut = this.#choice.leftOut(now)
    const of = (state: EndpointState<Guard>, name: EndpointSnapshot<Guard>['state']) => {
      const { endpoint, guard, inFlight } = state
      return { endpoint, guard, state: name, inFlight, costMs: state.costMs(now) }
    }
    return [
      ...Array.from(this.#members.listed, (state) => of(state, leftOut.has(state) ? 'unwell' : 'active')),
      ...Array.from(this.#members.draining, (state) => of(state, 'draining')),
    ]
  }

  /** Lets every endpoint go as soon as nothing is in flight on it. */
  close(): void {
    this.#isClosed = true
    this.#feed.close()
    this.#apply([])
    this.#firstAnswer.fail(() => new NoEndpointsError('the client was closed', { phase: 'lookup' }))
  }

  /** For the states. */
  settled(state: EndpointState<EndpointGuard>, verdict: LatencyVerdict, now: number): void {
    if (state.draining) {
      if (state.inFlight === 0) this.#release(state as EndpointState<Guard>)
      return
    }
    if (verdict === 'none') return
    const isFailure = verdict !== 'measured'
    if (!isFailure) {
      state.onProbation = false
      // With most of them ejected they go on being used, and what does well again need not wait.
      if (state.ejectedUntil > now && this.#choice.isInUse(state as EndpointState<Guard>, now))
        this.#pardon(state)
      const cost = state.costMs(now)
      this.typicalMs += this.typicalMs === 0 ? cost : (cost - this.typicalMs) * typicalShare
    }
    const detector = this.#detector
    if (detector === undefined) return
    if (detector.isOut(state, isFailure)) this.#eject(state, 'consecutive failures', now)
    if (!detector.isDue(now)) return
    for (const outlier of detector.outliers(this.#members.listed, now)) {
      this.#eject(outlier, 'failure ratio', now)
    }
  }

  /** For the states. */
  paused(): void {
    this.#choice.invalidate()
  }

  #eject(state: EndpointState<EndpointGuard>, reason: EjectionReason, now: number): void {
    // The only one cannot be left out, and what began before an ejection says nothing new.
    if (this.#detector === undefined || this.#members.size < 2 || state.ejectedUntil > now) return
    const ejectedMs = this.#detector.eject(state, now)
    this.#choice.invalidate()
    if (this.events.has('ejected')) {
      this.events.emit('ejected', { endpoint: state.endpoint, reason, ejectedMs })
    }
  }

  #readmit(state: EndpointState<Guard>): void {
    this.#detector?.readmit(state)
    this.events.emit('readmitted', { endpoint: state.endpoint })
  }

  #pardon(state: EndpointState<EndpointGuard>): void {
    state.ejectedUntil = 0
    this.#choice.invalidate()
    this.events.emit('readmitted', { endpoint: state.endpoint })
  }

  #update(endpoints: readonly Endpoint[]): void {
    this.#failure = undefined
    this.#apply(endpoints)
    this.#firstAnswer.open()
  }

  #apply(endpoints: readonly Endpoint[]): void {
    const { added, removed, hasEdits } = this.#members.apply(endpoints)
    if (added.length + removed.length > 0 || hasEdits) this.#choice.reset(this.#members.listed)
    for (const { endpoint } of added) this.events.emit('added', { endpoint })
    for (const state of removed) {
      this.events.emit('removed', { endpoint: state.endpoint, inFlight: state.inFlight })
      if (state.inFlight === 0) this.#release(state)
    }
  }

  #release(state: EndpointState<Guard>): void {
    if (state.released) return
    state.released = true
    this.#members.forget(state)
    this.events.emit('released', { endpoint: state.endpoint })
    try {
      state.guard.close()
    } catch (error) {
      process.emitWarning(`letting go of ${state.endpoint.url} failed: ${show(error)}`, 'HoldfastWarning')
    }
  }

  #empty(): void {
    const message = 'the resolver names no endpoint'
    if (this.#allowEmpty) this.#apply([])
    if (this.#members.size === 0) this.#failure = { message, cause: undefined }
    this.#tell(new Error(this.#members.size > 0 ? `${message}; the last known ones stay in use` : message))
  }

  #failed(error: unknown): void {
    if (this.#members.size === 0) {
      const why = error instanceof Error ? error.message : show(error)
      this.#failure = { message: `the resolver failed: ${why}`, cause: error }
    }
    this.#tell(error)
  }

  #tell(error: unknown): void {
    if (this.#failure !== undefined) this.#firstAnswer.fail(() => this.#noEndpoints())
    this.events.emit('resolverError', { error })
  }

  #noEndpoints(): NoEndpointsError {
    const { message = 'no endpoint is known yet', cause } = this.#failure ?? {}
    return new NoEndpointsError(message, { phase: 'lookup', cause })
  }
}
