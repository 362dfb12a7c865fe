import type { Transport } from '../../http/transport/index.js'
import type { CircuitBreaker } from '../../policies/index.js'
import type { Endpoint } from '../../upstream/endpoints/index.js'
import type { ChosenTarget } from '../attempt/attempt-guards.js'
import type { SharedPolicyOptions } from '../slots/policy-slots.js'
import type { EndpointBreaker } from './endpoint-breaker.js'
import type { EndpointStats } from './endpoint-stats.js'

/** Where an endpoint is, as far as a request needs to know. */
export type EndpointPlace = Pick<Endpoint, 'origin' | 'basePath' | 'serverName'>

/** What a client keeps for an endpoint. */
export interface EndpointParts {
  readonly breaker: EndpointBreaker
  readonly transport: Transport
  /** Whether it may know of the requests that calls are made for. */
  readonly propagates: boolean
  /** Lets go of the connections. */
  readonly disconnect: (transport: Transport) => void
}

/** One endpoint of a client: its breaker and its connections. */
export class ClientEndpoint implements ChosenTarget {
  readonly origin: string
  readonly basePath: string
  readonly serverName: string | undefined
  breaker: CircuitBreaker | undefined
  readonly transport: Transport
  readonly propagates: boolean
  pausedUntil = 0
  readonly #breaker: EndpointBreaker
  readonly #disconnect: (transport: Transport) => void

  constructor(
    { origin, basePath, serverName }: EndpointPlace,
    parts: EndpointParts,
    options: SharedPolicyOptions,
  ) {
    this.origin = origin
    this.basePath = basePath
    this.serverName = serverName
    this.#breaker = parts.breaker
    this.breaker = parts.breaker.by(options)
    this.transport = parts.transport
    this.propagates = parts.propagates
    this.#disconnect = parts.disconnect
  }

  get refuses(): boolean {
    return this.breaker?.refuses ?? false
  }

  get retryAfterMs(): number | undefined {
    return this.breaker?.retryAfterMs
  }

  /** Whether calls to it succeed, as far as its breaker knows. */
  get isWell(): boolean {
    return this.breaker === undefined || this.breaker.state === 'closed'
  }

  /** Changes the options of its breaker. */
  update(options: SharedPolicyOptions): void {
    this.breaker = this.#breaker.by(options)
  }

  close(): void {
    this.#breaker.shutdown()
    this.#disconnect(this.transport)
  }

  /** The part of its state that every endpoint has. */
  stats(): Pick<EndpointStats, 'origin' | 'circuitBreaker' | 'connections'> {
    const { breaker, origin } = this
    const connections = this.transport.stats()[origin]
    return {
      origin,
      circuitBreaker: breaker && { state: breaker.state, ...breaker.counts },
      connections: connections && {
        open: connections.connected,
        free: connections.free,
        running: connections.running,
        waitingForSocket: connections.waiting,
      },
    }
  }
}
