import type { ClientObserver, ObservedOperation, OperationObserver, SettledCall } from '../client/index.js'
import type { ClientLog } from '../logging/index.js'
import { type ClientMetrics, outcomeOf, successOutcome } from '../metrics/index.js'
import { activeTraceIds, type CallTrace, OperationTracing } from '../tracing/index.js'

/** What a service does with the calls of its clients. */
export interface CallWatcherOptions {
  readonly log: ClientLog
  readonly metrics: ClientMetrics | undefined
  readonly tracing: boolean
}

/** Counts, logs and traces the calls of a service's clients. */
export class CallWatcher implements ClientObserver {
  readonly #options: CallWatcherOptions

  constructor(options: CallWatcherOptions) {
    this.#options = options
  }

  operation(operation: ObservedOperation): OperationObserver {
    const { log, metrics, tracing } = this.#options
    const counts = metrics?.operation(operation.dependency, operation.operation, operation.method)
    const traces = tracing ? new OperationTracing(operation) : undefined
    return {
      startCall: (startedAt): CallTrace | undefined => traces?.startCall(startedAt),
      settled(call, durationMs, error) {
        const outcome = outcomeOfCall(call, error)
        counts?.record(outcome, durationMs / 1_000, call.attempts)
        if (log.logsCalls) log.call(entryOf(operation, call, { outcome, durationMs, error }))
      },
    }
  }
}

function outcomeOfCall({ status }: SettledCall, error: unknown): string {
  if (error !== undefined) return outcomeOf(error)
  return status === 0 ? 'fallback' : successOutcome
}

function entryOf(
  { dependency, operation }: ObservedOperation,
  { attempts, context, status }: SettledCall,
  outcome: { readonly outcome: string; readonly durationMs: number; readonly error: unknown },
) {
  const correlationId = context?.correlationId
  return { dependency, operation, attempts, status, correlationId, trace: activeTraceIds(), ...outcome }
}
