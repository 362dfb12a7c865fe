import type { RequestContext } from '../context/index.js'

/** What is known of an operation before any call of it. */
export interface ObservedOperation {
  readonly dependency: string
  readonly operation: string
  readonly method: string
  /** The template of its path. */
  readonly template: string
  readonly origin: string
}

/** A call that has settled. */
export interface SettledCall {
  /** Requests that were sent. */
  readonly attempts: number
  /** Of the response that answered; 0 without one. */
  readonly status: number
  /** Of the request that the call was made for. */
  readonly context: RequestContext | undefined
}

/** The trace of one attempt. */
export interface AttemptTrace {
  /** Writes itself into the headers of the request. */
  inject(headers: Record<string, string>): void
  /** Runs what sends the request. */
  run<Result>(send: () => Result): Result
  /** @param status - 0 without a response */
  end(status: number, error?: unknown): void
}

/** The trace of one call. */
export interface CallTrace {
  startAttempt(url: string): AttemptTrace
  end(isFailed: boolean, error?: unknown): void
}

/** Watches the calls of one operation. Nothing that it does may throw. */
export interface OperationObserver {
  /** The trace of a call that begins; `undefined` when it is not traced, which must cost next to nothing. */
  startCall(startedAt: number): CallTrace | undefined
  /** A call has settled: well, with `error`, or by its fallback, which is `undefined` and a status of 0. */
  settled(call: SettledCall, durationMs: number, error: unknown): void
}

/** Watches a client: a service's metrics, logs and traces. */
export interface ClientObserver {
  /** Asked once for every operation. */
  operation(operation: ObservedOperation): OperationObserver
}
