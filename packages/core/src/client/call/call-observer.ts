import type { RequestContext } from '../../telemetry/context/index.js'
import type { CallTrace } from '../../telemetry/tracing/index.js'
import type { TrafficDecision } from '../../upstream/traffic/index.js'

/** What is known of an operation before any call of it. */
export interface ObservedOperation {
  readonly dependency: string
  readonly operation: string
  readonly method: string
  /** The template of its path; `undefined` where no contract says it. */
  readonly template: string | undefined
  /** Empty where the dispatcher does not name it; `undefined` where it is another for each attempt. */
  readonly origin: string | undefined
}

/** A call that has settled. */
export interface SettledCall {
  /** Requests that were sent. */
  readonly attempts: number
  /** Of the response that answered; 0 without one. */
  readonly status: number
  /** Of the request that the call was made for. */
  readonly context: RequestContext | undefined
  /** How the cache answered; `undefined` without one. */
  readonly cached?: string | undefined
  /** Whether its requests were sent for another call, which tells of them. */
  readonly isCoalesced?: boolean
  /** What has chosen the version that it went to, where there are several. */
  readonly decision?: TrafficDecision | undefined
}

/** Watches the calls of one operation. Nothing that it does may throw. */
export interface OperationObserver {
  /** The trace of a call that begins; `undefined` when it is not traced, which must cost next to nothing. */
  startCall(startedAt: number): CallTrace | undefined
  /**
   * A call has settled: with an answer, with `error`, or by its fallback, which is no error and a status of 0.
   * @param durationMs - until the answer was there; until its headers where the body streams
   */
  settled(call: SettledCall, durationMs: number, error: unknown): void
}
