import type { Emitter } from '../../foundation/events/index.js'
import type { OriginStats as ConnectionCounts } from '../../http/transport/index.js'
import type { Execution, Step } from '../../policies/index.js'
import type { ClientEvents } from '../../telemetry/events/index.js'
import { UsualLatency } from '../attempt/attempt-facts.js'
import type { AttemptExchange } from '../attempt/attempt-guards.js'
import { linkGuardedAttempt } from '../attempt/guarded-attempt.js'
import type { OperationObserver } from '../call/call-observer.js'
import { propagatesTo } from '../options/propagation.js'
import type { Protection } from '../settings/resolve-protection.js'
import type { RepeatableCall } from '../slots/policy-slot.js'
import type { EndpointPolicies, ShadowedPolicy } from '../slots/policy-slots.js'
import {
  closePolicies,
  forwardPolicies,
  linkPolicies,
  makeEndpointPolicies,
  permitsOf,
  shadowedOf,
} from '../slots/shared-policies.js'
import type { EndpointStats } from './endpoint-stats.js'

/** The state of one origin's policies at one moment. */
export interface OriginStats extends Pick<EndpointStats, 'origin' | 'circuitBreaker' | 'connections'> {
  /** How many attempts may be in flight now; `undefined` without a limit. */
  readonly limit: number | undefined
  /** Attempts that hold a permit. */
  readonly inFlight: number
  /** Calls that wait for a permit. */
  readonly queued: number
  /** The options of those policies that only report what they would have done. */
  readonly shadow: readonly ShadowedPolicy[]
  /** `undefined` with `retryBudget: false`. */
  readonly retryBudget: { readonly tokens: number } | undefined
}

/** The state of a `fetch`, or of an interceptor, at one moment. */
export interface OriginsStats {
  /** Those with calls, and those used lately; at most 100 that are idle. */
  readonly origins: readonly OriginStats[]
}

/** One origin, the policies of all calls to it, and the pipeline made of them. */
export interface OriginEntry<Call extends RepeatableCall = RepeatableCall> extends EndpointPolicies {
  readonly origin: string
  /** The host, by which errors and events name it. */
  readonly dependency: string
  readonly latency: UsualLatency
  /** Rate limit, retry, hedge and the guarded attempt, which takes its request from the execution's data. */
  step(execution: Execution<Call>): Promise<unknown>
  /** Whether it may know of the requests that calls are made for. */
  readonly propagates: boolean
  /** What watches its calls, by method. */
  readonly observers: Map<string, OperationObserver | undefined>
  /** Calls on their way through `step`. */
  active: number
  usedAt: number
}

/** Beyond this many, the policies of origins without a call are forgotten, the longest unused first. */
const maxOrigins = 100

/** What a face without a contract is made from. */
export interface FaceParts {
  readonly protection: Protection
  readonly events: Emitter<ClientEvents>
  /** The origin that is the face's own. */
  readonly own: string | undefined
}

/** The policies of each origin that a face without a contract talks to. */
export class OriginRegistry<Received, Call extends RepeatableCall> {
  readonly #given: FaceParts
  readonly #exchange: AttemptExchange<Received, Call>
  readonly #entries = new Map<string, OriginEntry<Call>>()
  #latest: OriginEntry<Call> | undefined = undefined
  #uses = 0

  constructor(given: FaceParts, exchange: AttemptExchange<Received, Call>) {
    this.#given = given
    this.#exchange = exchange
  }

  entryOf(origin: string): OriginEntry<Call> {
    const latest = this.#latest
    if (latest !== undefined && latest.origin === origin) return latest
    const entry = this.#entries.get(origin) ?? this.#open(origin)
    entry.usedAt = ++this.#uses
    this.#latest = entry
    return entry
  }

  #open(origin: string): OriginEntry<Call> {
    if (this.#entries.size >= maxOrigins) this.#closeLeastUsed()
    const { protection, events } = this.#given
    const policies = makeEndpointPolicies(protection.shared)
    const dependency = hostOf(origin)
    forwardPolicies(policies, { dependency, origin, events })
    const entry = {
      ...policies,
      origin,
      dependency,
      latency: new UsualLatency(),
      propagates: propagatesTo(origin, this.#given.protection.propagate, this.#given.own),
      observers: new Map(),
      step: this.#link(dependency, policies),
      active: 0,
      usedAt: 0,
    }
    this.#entries.set(origin, entry)
    return entry
  }

  #link(dependency: string, policies: EndpointPolicies): Step<Call> {
    const { events, protection } = this.#given
    const { attemptTimeoutMs, timeoutMs, retry, hedge, random } = protection
    const { adaptiveConcurrency: adaptive, bulkhead, circuitBreaker: breaker } = policies
    const guards = { targets: { only: { breaker } }, adaptive, bulkhead, attemptTimeoutMs, timeoutMs }
    const attempt = linkGuardedAttempt(guards, this.#exchange)
    return linkPolicies(attempt, { ...policies, dependency, events, retry, hedge, random })
  }

  #closeLeastUsed(): void {
    let idle: OriginEntry<Call> | undefined
    for (const entry of this.#entries.values()) {
      const isOlder = idle === undefined || entry.usedAt < idle.usedAt
      if (isOlder && entry.active === 0 && permitsOf(entry).inFlight === 0) idle = entry
    }
    if (idle === undefined) return
    this.#entries.delete(idle.origin)
    if (this.#latest === idle) this.#latest = undefined
    closePolicies(idle)
  }

  stats(connections: Record<string, ConnectionCounts>): readonly OriginStats[] {
    const shadow = shadowedOf(this.#given.protection.shared)
    return [...this.#entries.values()].map((entry) => statsOf(entry, shadow, connections[entry.origin]))
  }

  /** Stops the timers of all policies. */
  close(): void {
    for (const entry of this.#entries.values()) closePolicies(entry)
  }
}

/** The host of an origin, by which errors and events name it. */
export function hostOf(origin: string): string {
  return URL.canParse(origin) ? new URL(origin).host : origin
}

function statsOf(
  entry: OriginEntry,
  shadow: readonly ShadowedPolicy[],
  connections: ConnectionCounts | undefined,
): OriginStats {
  const { origin, circuitBreaker: breaker, retryBudget: budget } = entry
  return {
    origin,
    ...permitsOf(entry),
    shadow,
    retryBudget: budget && { tokens: budget.tokens },
    circuitBreaker: breaker && { state: breaker.state, ...breaker.counts },
    connections: connections && {
      open: connections.connected,
      free: connections.free,
      running: connections.running,
      waitingForSocket: connections.waiting,
    },
  }
}
