import type { CallTrace } from '../../telemetry/tracing/index.js'
import type { OperationObserver, SettledCall } from './call-observer.js'
import { ErrorAnswer } from './error-answer.js'

/** A call of a face without a contract, as far as those who watch it are concerned. */
export interface WatchedCall extends SettledCall {
  readonly operation: string
  readonly startedAt: number
  readonly trace: CallTrace | undefined
}

/** Tells `observer` that a call has settled. An error status is an answer to the caller; to a span it is a failure. */
export function settleCall(observer: OperationObserver, call: WatchedCall, error: unknown): void {
  const { operation, startedAt, status, trace } = call
  if (trace !== undefined) {
    const failure =
      error === undefined && status >= 400 ? new ErrorAnswer(operation, { status, headers: {} }, '') : error
    trace.end(failure !== undefined, failure)
  }
  observer.settled(call, performance.now() - startedAt, error)
}
