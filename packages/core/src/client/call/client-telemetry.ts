import type { Logger } from '../../telemetry/context/index.js'
import { ClientLog, childOf, type LoggedClient, logTraffic } from '../../telemetry/logging/index.js'
import {
  type ClientMetrics,
  type Metrics,
  type MetricsRegistry,
  metricsIn,
  type ObservedClient,
  outcomeOf,
  outcomeOfStatus,
  successOutcome,
} from '../../telemetry/metrics/index.js'
import { activeTraceIds, OperationTracing } from '../../telemetry/tracing/index.js'
import type { TrafficSplit } from '../../upstream/traffic/index.js'
import { type ClientTelemetryOptions, isMetrics } from '../options/client-telemetry-options.js'
import type { ObservedOperation, OperationObserver, SettledCall } from './call-observer.js'

/** What clients tell of themselves, and whom. */
export interface TelemetryTargets {
  readonly logger: Logger | undefined
  readonly metrics: Metrics<MetricsRegistry> | undefined
  /** Whether there are spans, where an OpenTelemetry SDK is. */
  readonly tracing: boolean
  /** Of a client of one version of several. */
  readonly version?: ObservedVersion
}

/** One version of a dependency, and who wants to know how its calls end. */
export interface ObservedVersion {
  readonly name: string
  settled(call: SettledCall, durationMs: number, error: unknown): void
}

/** Counts, logs and traces the calls of clients. */
export class ClientTelemetry {
  readonly #log: ClientLog | undefined
  readonly #metrics: ClientMetrics | undefined
  readonly #targets: TelemetryTargets

  constructor(targets: TelemetryTargets) {
    const { logger, metrics, version } = targets
    this.#targets = targets
    this.#log = logger === undefined ? undefined : new ClientLog(ofVersion(logger, version))
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

  /** The telemetry of the client of one version, whose lines name it. */
  ofVersion(version: ObservedVersion): ClientTelemetry {
    return new ClientTelemetry({ ...this.#targets, version })
  }

  /** Logs and counts what becomes of the weights of a dependency's versions, until the returned function is called. */
  watchTraffic(dependency: string, split: TrafficSplit): () => void {
    const { logger } = this.#targets
    const stops = [
      logger === undefined ? undefined : logTraffic(logger, dependency, split),
      this.#metrics?.traffic.watch(dependency, split),
    ]
    return () => {
      for (const stop of stops) stop?.()
    }
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
    const { version } = this.#targets
    const isWatched = log !== undefined || counts !== undefined || version !== undefined
    if (!isWatched && traces === undefined) return undefined
    const count = version && this.#metrics?.traffic.counter(operation.dependency, version.name)
    return {
      startCall: (startedAt) => traces?.startCall(startedAt),
      settled(call, durationMs, error) {
        version?.settled(call, durationMs, error)
        if (counts === undefined && !log?.logsCalls) return
        const outcome = outcomeOfCall(call, error)
        count?.(outcome)
        counts?.record(outcome, durationMs / 1_000, call.isCoalesced ? 0 : call.attempts)
        if (call.cached !== undefined) counts?.cached(call.cached)
        if (call.isCoalesced) counts?.coalesced()
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

function ofVersion(logger: Logger, version: ObservedVersion | undefined): Logger {
  return version === undefined ? logger : childOf(logger, { dependency_version: version.name })
}

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
