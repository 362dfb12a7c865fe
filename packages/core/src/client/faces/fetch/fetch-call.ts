import type { Priority } from '../../../foundation/priority/index.js'
import type { HttpRequest } from '../../../http/message/index.js'
import type { Execution } from '../../../policies/index.js'
import type { ActiveContext } from '../../../telemetry/context/index.js'
import type { CallTrace } from '../../../telemetry/tracing/index.js'
import type { UsualLatency } from '../../attempt/attempt-facts.js'
import type { Verdict } from '../../attempt/classify.js'
import { withContextHeaders, withPriority, withRemainingTime } from '../../call/inherited-context.js'
import type { RunningCall } from '../../call/running-call.js'
import type { OriginEntry } from '../../destinations/origin-registry.js'
import type { RepeatableCall } from '../../slots/policy-slot.js'

/** One request of a call: the first, or one that a redirect led to. */
export interface FetchHop extends HttpRequest {
  readonly url: URL
  /** Whether its body can be sent again. */
  readonly replayable: boolean
}

/** What of an origin a call needs to know. */
export type CalledOrigin = Pick<OriginEntry, 'latency' | 'propagates'>

const idempotentMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS'])

/** Whether a request may be sent twice without harm: its method says so, or its key. */
export function isRepeatable(method: string, headers: Readonly<Record<string, unknown>>): boolean {
  return idempotentMethods.has(method) || headers['idempotency-key'] !== undefined
}

/** One call of a `fetch`, as its pipeline needs it. It travels as the `data` of the execution. */
export class FetchCall implements RepeatableCall, RunningCall {
  readonly operation: string
  readonly startedAt: number
  /** Of the request that the call is made for. */
  readonly context: ActiveContext | undefined
  readonly priority: Priority | undefined
  /** The total time of the call. */
  timeoutMs: number | undefined = undefined
  request: FetchHop
  latency: UsualLatency
  replayable: boolean
  failure: unknown = undefined
  verdict: Verdict | undefined = undefined
  trace: CallTrace | undefined = undefined
  /** Requests handed to the transport. */
  attempts = 0
  redirects = 0
  /** Of the response that the call was answered with; 0 without one. */
  status = 0
  #propagates: boolean

  constructor(
    hop: FetchHop,
    { latency, propagates }: CalledOrigin,
    startedAt: number,
    context: ActiveContext | undefined,
    priority?: Priority | undefined,
  ) {
    this.operation = hop.method
    this.startedAt = startedAt
    this.context = context
    this.priority = priority
    this.request = hop
    this.latency = latency
    this.#propagates = propagates
    this.replayable = hop.replayable && isRepeatable(hop.method, hop.headers)
  }

  /** Whether the spans of its attempts may write themselves into the headers. */
  get injects(): boolean {
    return this.#propagates && this.request.headers.traceparent === undefined
  }

  /** Goes on with another request. */
  proceed(hop: FetchHop, { latency, propagates }: CalledOrigin): void {
    this.request = hop
    this.latency = latency
    this.#propagates = propagates
    this.replayable = hop.replayable && isRepeatable(hop.method, hop.headers)
  }

  /** Its own headers, and what they carry on to a host that may know of it. */
  headersOf(execution: Execution): Record<string, string> {
    const { headers } = this.request
    const { context, priority } = this
    if (!this.#propagates) return headers
    let carried = context === undefined ? headers : withContextHeaders(headers, context)
    if (priority !== undefined) carried = withPriority(carried, priority, headers)
    return context === undefined ? carried : withRemainingTime(carried, execution)
  }
}
