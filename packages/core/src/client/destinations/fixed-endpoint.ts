import type { CircuitBreaker } from '../../policies/index.js'
import type { SharedPolicyOptions } from '../slots/policy-slots.js'
import type { ClientEndpoint } from './client-endpoint.js'
import type { ClientEndpoints } from './client-endpoints.js'
import type { EndpointConnections } from './endpoint-connections.js'
import type { EndpointStats } from './endpoint-stats.js'

/** The endpoint of a client with a `baseUrl`: there is nothing to choose, and nothing of a choice costs anything. */
export class FixedEndpoint implements ClientEndpoints {
  readonly targets: { readonly only: ClientEndpoint }
  readonly propagates: boolean
  readonly origin: string
  readonly retryAfterMs = undefined
  readonly #connections: EndpointConnections

  constructor(endpoint: ClientEndpoint, connections: EndpointConnections) {
    this.targets = { only: endpoint }
    this.propagates = endpoint.propagates
    this.origin = endpoint.origin
    this.#connections = connections
  }

  start(): void {}

  stats(inFlight: number): readonly EndpointStats[] {
    return [{ ...this.targets.only.stats(), state: 'active', inFlight, costMs: undefined }]
  }

  breakers(): readonly CircuitBreaker[] {
    const { breaker } = this.targets.only
    return breaker === undefined ? [] : [breaker]
  }

  update(options: SharedPolicyOptions): void {
    this.targets.only.update(options)
  }

  close(): Promise<void> {
    return this.#connections.close()
  }

  destroy(): Promise<void> {
    return this.#connections.destroy()
  }

  release(): void {
    this.targets.only.close()
  }
}
