import { type OptionCheck, show } from '../../foundation/config/index.js'
import type { Logger } from '../../telemetry/context/index.js'
import { checkLogger } from '../../telemetry/logging/index.js'
import type { Metrics, MetricsRegistry } from '../../telemetry/metrics/index.js'
import { checkPropagation, type Propagation } from './propagation.js'

/** What a client tells, and whom. A client of a service has the service's logger and metrics without being given any. */
export interface ClientTelemetryOptions {
  /**
   * A logger like pino's: calls at `debug`, what is out of the ordinary at `info` and `warn`.
   * @default the service's, else none
   */
  readonly logger?: Logger
  /**
   * What `createMetrics()` returns, or a registry like prom-client's.
   * @default the service's, else none
   */
  readonly metrics?: Metrics<MetricsRegistry> | MetricsRegistry
  /**
   * The hosts that may receive the headers of the request that a call is made for: correlation, trace, priority and
   * remaining time. A list of `'orders'`, `'orders:3000'` or `'*.internal'`; `true` for all, `false` for none.
   * @default the client's own host, that of `baseUrl`
   */
  readonly propagate?: Propagation
}

/** Tells `check` what is wrong with the options. */
export function checkTelemetry(
  check: OptionCheck,
  { logger, metrics, propagate }: ClientTelemetryOptions,
): void {
  if (logger !== undefined) checkLogger(check, logger)
  if (metrics !== undefined && !isMetrics(metrics) && !isRegistry(metrics)) {
    check.add(
      'metrics',
      `must be what createMetrics() returns, or a registry like prom-client's, not ${show(metrics)}`,
    )
  }
  checkPropagation(check, propagate)
}

/** By its shape: it may come from another copy of this package. */
export function isMetrics(
  metrics: Metrics<MetricsRegistry> | MetricsRegistry,
): metrics is Metrics<MetricsRegistry> {
  const { client } = (metrics ?? {}) as { readonly client?: { readonly watch?: unknown } }
  return typeof client?.watch === 'function'
}

function isRegistry(metrics: unknown): boolean {
  return typeof (metrics as Partial<MetricsRegistry> | null)?.registerMetric === 'function'
}
