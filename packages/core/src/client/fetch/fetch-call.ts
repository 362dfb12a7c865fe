import type { TransportRequest } from '../../transport/index.js'
import type { UsualLatency } from '../attempt-facts.js'
import type { RepeatableCall } from '../repeat-layers.js'

/** One request of a call: the first, or one that a redirect led to. */
export interface FetchHop extends Pick<TransportRequest, 'origin' | 'path' | 'method' | 'headers' | 'body'> {
  readonly url: URL
  /** Whether its body can be sent again. */
  readonly replayable: boolean
}

const idempotentMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS'])

/** Whether a request may be sent twice without harm: its method says so, or its key. */
export function isRepeatable(method: string, headers: Readonly<Record<string, unknown>>): boolean {
  return idempotentMethods.has(method) || headers['idempotency-key'] !== undefined
}

/** One call of a `fetch`, as its pipeline needs it. It travels as the `data` of the execution. */
export class FetchCall implements RepeatableCall {
  readonly operation: string
  readonly startedAt: number
  request: FetchHop
  latency: UsualLatency
  replayable: boolean
  /** Requests handed to the transport. */
  attempts = 0
  redirects = 0

  constructor(hop: FetchHop, latency: UsualLatency, startedAt: number) {
    this.operation = hop.method
    this.startedAt = startedAt
    this.request = hop
    this.latency = latency
    this.replayable = hop.replayable && isRepeatable(hop.method, hop.headers)
  }

  /** Goes on with another request. */
  proceed(hop: FetchHop, latency: UsualLatency): void {
    this.request = hop
    this.latency = latency
    this.replayable = hop.replayable && isRepeatable(hop.method, hop.headers)
  }
}
