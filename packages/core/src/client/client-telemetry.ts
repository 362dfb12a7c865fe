import type { Logger } from '../context/index.js'
import { ClientLog, type LoggedClient } from '../logging/index.js'
import {
  type ClientMetrics,
  type Metrics,
  type MetricsRegistry,
  metricsIn,
  type ObservedClient,
  outcomeOf,
  outcomeOfStatus,
  successOutcome,
} from '../metrics/index.js'
import { activeTraceIds, OperationTracing } from '../tracing/index.js'
import type { ObservedOperation, OperationObserver, SettledCall } from './call-observer.js'
import { type ClientTelemetryOptions, isMetrics } from './client-telemetry-options.js'

/** What clients tell of themselves, and whom. */
export interface TelemetryTargets {
  readonly logger: Logger | undefined
  readonly metrics: Metrics<MetricsRegistry> | undefined
  /** Whether there are spans, where an OpenTelemetry SDK is. */
  readonly tracing: boolean
}

/** Counts, logs and traces the calls of clients. */
export class ClientTelemetry {
  readonly #log: ClientLog | undefined
  readonly #metrics: ClientMetrics | undefined
  readonly #targets: TelemetryTargets

  constructor(targets: TelemetryTargets) {
    const { logger, metrics } = targets
    this.#targets = targets
    this.#log = logger === undefined ? undefined : new ClientLog(logger)
    this.#metrics = metrics?.client
  }

  /**
   * The telemetry of a client that was given some of its own.
   * @throws {ConfigInvalidError} `CONFIG_INVALID` when the metrics do not fit into the registry that was given.
   */
  with({ logger, metrics }: ClientTelemetryOptions): ClientTelemetry {
    if (logger === undefined && metrics === undefined) return this
    const own = metrics === undefined || isMetrics(metrics) ? metrics : metricsIn(metrics)
    return new ClientTelemetry({
      ...this.#targets,
      logger: logger ?? this.#targets.logger,
      metrics: own ?? this.#targets.metrics,
    })
  }

  /** Logs and counts what a client reports, and shows its state, until the returned function is called. */
  watch(client: LoggedClient & ObservedClient): () => void {
    const stops = [this.#log?.watch(client), this.#metrics?.watch(client)]
    return () => {
      for (const stop of stops) stop?.()
    }
  }

  /** What watches the calls of one operation; `undefined` when nobody wants to know of them. */
  operation(operation: ObservedOperation): OperationObserver | undefined {
    const log = this.#log
    const counts = this.#metrics?.operation(operation.dependency, operation.operation, operation.method)
    // The dispatcher of a single origin does not name it.
    const { origin } = operation
    const isTraced = this.#targets.tracing && (origin === undefined || URL.canParse(origin))
    const traces = isTraced ? new OperationTracing(operation) : undefined
    if (log === undefined && counts === undefined && traces === undefined) return undefined
    return {
      startCall: (startedAt) => traces?.startCall(startedAt),
      settled(call, durationMs, error) {
        if (counts === undefined && !log?.logsCalls) return
        const outcome = outcomeOfCall(call, error)
        counts?.record(outcome, durationMs / 1_000, call.attempts)
        if (log?.logsCalls) log.call(entryOf(operation, call, { outcome, durationMs, error }))
      },
    }
  }
}

/** Of clients that belong to no service. */
export const standaloneTelemetry = new ClientTelemetry({
  logger: undefined,
  metrics: undefined,
  tracing: true,
})

function outcomeOfCall({ status }: SettledCall, error: unknown): string {
  if (error !== undefined) return outcomeOf(error)
  if (status >= 400) return outcomeOfStatus(status)
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
