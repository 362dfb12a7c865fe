import { isHoldfastError } from '../../foundation/errors/index.js'
import type { Emitter } from '../../foundation/events/index.js'
import type { CircuitBreaker, Execution } from '../../policies/index.js'
import type { ClientEvents } from '../../telemetry/events/index.js'
import {
  type Endpoint,
  EndpointSet,
  type EndpointSetOptions,
  type EndpointSnapshot,
} from '../../upstream/endpoints/index.js'
import { namesOf } from '../attempt/named-call.js'
import type { SharedPolicyOptions } from '../slots/policy-slots.js'
import type { ClientEndpoint } from './client-endpoint.js'
import type { ClientEndpoints } from './client-endpoints.js'
import type { EndpointConnections } from './endpoint-connections.js'
import type { EndpointStats } from './endpoint-stats.js'

/** The longest that the breaker of an endpoint stays open while another is well, in milliseconds: nobody waits for it. */
const maxOpenBesideMs = 60_000
/** The longest that it stays open while no endpoint is well, in milliseconds. */
const maxOpenAloneMs = 5_000

/** What a client with several endpoints is made from. */
export interface BalancedParts extends Omit<EndpointSetOptions<ClientEndpoint>, 'createGuard'> {
  readonly dependency: string
  readonly events: Emitter<ClientEvents>
  readonly connections: EndpointConnections
  readonly propagates: boolean
  /** Of the breakers. */
  readonly policies: SharedPolicyOptions
  readonly createEndpoint: (endpoint: Endpoint, breaker: NewBreaker) => ClientEndpoint
}

/** What the breaker of one endpoint depends on besides its options. */
export interface NewBreaker {
  readonly options: SharedPolicyOptions
  /** How long it may stay open now, unless its options say so. */
  readonly maxOpenMs: () => number
  readonly onMade: (breaker: CircuitBreaker) => void
}

/** The endpoints of a client that has several, or a resolver that names them. */
export class BalancedEndpoints implements ClientEndpoints {
  readonly targets
  readonly propagates: boolean
  readonly origin = undefined
  readonly #set: EndpointSet<ClientEndpoint>
  readonly #parts: BalancedParts
  #policies: SharedPolicyOptions
  /** Whether a breaker has opened that may have to be hastened. */
  #isAnyOpen = false

  constructor(parts: BalancedParts) {
    this.#parts = parts
    this.#policies = parts.policies
    this.propagates = parts.propagates
    this.#set = new EndpointSet<ClientEndpoint>({
      source: parts.source,
      balancing: parts.balancing,
      random: parts.random,
      createGuard: (endpoint) => this.#create(endpoint),
    })
    this.targets = { set: this.#set, refused: (execution: Execution) => this.#refused(execution) }
    this.#forward()
  }

  /** One that may be asked at once makes no retry wait for another one. */
  readonly retryAfterMs = (error: unknown): number | undefined => {
    if (!isHoldfastError(error, 'HTTP_STATUS') || error.retryAfterMs === undefined) return undefined
    const now = performance.now()
    let leastMs = Number.POSITIVE_INFINITY
    for (const { guard } of this.#listed(now)) {
      if (!guard.refuses) leastMs = Math.min(leastMs, guard.pausedUntil - now)
    }
    return Math.max(0, Math.min(error.retryAfterMs, leastMs))
  }

  start(): void {
    this.#set.start()
  }

  stats(): readonly EndpointStats[] {
    const now = performance.now()
    return this.#set.snapshot(now).map(({ guard, state, inFlight, costMs }) => ({
      ...guard.stats(),
      state: state === 'unwell' ? (guard.pausedUntil > now ? 'paused' : 'ejected') : state,
      inFlight,
      costMs,
    }))
  }

  breakers(): readonly CircuitBreaker[] {
    const breakers = this.#set.snapshot(performance.now()).map(({ guard }) => guard.breaker)
    return breakers.filter((breaker) => breaker !== undefined)
  }

  update(options: SharedPolicyOptions): void {
    this.#policies = options
    for (const { guard } of this.#set.snapshot(performance.now())) guard.update(options)
    this.#hasten()
  }

  close(): Promise<void> {
    return this.#parts.connections.close()
  }

  destroy(): Promise<void> {
    return this.#parts.connections.destroy()
  }

  release(): void {
    this.#set.close()
  }

  #listed(now: number): readonly EndpointSnapshot<ClientEndpoint>[] {
    return this.#set.snapshot(now).filter(({ state }) => state !== 'draining')
  }

  #create(endpoint: Endpoint): ClientEndpoint {
    const isAnotherWell = (): boolean =>
      this.#listed(performance.now()).some(({ guard }) => guard !== created && guard.isWell)
    const created: ClientEndpoint = this.#parts.createEndpoint(endpoint, {
      options: this.#policies,
      maxOpenMs: () => Math.max(isAnotherWell() ? maxOpenBesideMs : 0, this.#maxOpenMs ?? maxOpenAloneMs),
      onMade: (breaker) => {
        breaker.on('open', () => {
          this.#isAnyOpen = true
          this.#hasten()
        })
      },
    })
    return created
  }

  /** The longest that a breaker stays open while no endpoint is well; `undefined` where that is always the same. */
  get #maxOpenMs(): number | undefined {
    const { maxOpenMs, openMs = 0 } = this.#policies.circuitBreaker || {}
    return maxOpenMs === undefined ? Math.max(maxOpenAloneMs, openMs) : undefined
  }

  /** With none of them well any more, those that were to be left alone for long are asked sooner. */
  #hasten(): void {
    const maxOpenMs = this.#maxOpenMs
    if (maxOpenMs === undefined || !this.#isAnyOpen) return
    const listed = this.#listed(performance.now())
    if (listed.some(({ guard }) => guard.isWell)) return
    for (const { guard } of listed) guard.breaker?.probeWithin(maxOpenMs)
    this.#isAnyOpen = false
  }

  #refused(execution: Execution): void {
    const { dependency, events } = this.#parts
    events.emit('reject', { dependency, ...namesOf(execution), reason: 'circuit open' })
  }

  #forward(): void {
    const { dependency, events } = this.#parts
    const named = ({ origin }: Endpoint) => ({ dependency, origin })
    const { events: source } = this.#set
    source.on('added', ({ endpoint }) => events.emit('endpointAdded', named(endpoint)))
    source.on('removed', ({ endpoint, inFlight }) => {
      this.#hasten()
      events.emit('endpointRemoved', { ...named(endpoint), inFlight })
    })
    source.on('released', ({ endpoint }) => events.emit('endpointReleased', named(endpoint)))
    source.on('ejected', ({ endpoint, ...event }) => events.emit('ejected', { ...named(endpoint), ...event }))
    source.on('readmitted', ({ endpoint }) => events.emit('readmitted', named(endpoint)))
    source.on('resolverError', ({ error }) => events.emit('resolverError', { dependency, error }))
  }
}
