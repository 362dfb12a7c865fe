export { outcomeOf, outcomeOfStatus } from './call-outcome.js'
export { ClientMetrics, successOutcome } from './client-metrics.js'
export { createMetrics, type Metrics, type MetricsOptions, metricsIn } from './create-metrics.js'
export type { Exposition } from './exposition.js'
export { mergeMetrics } from './merge-metrics.js'
export type {
  MetricDefinition,
  MetricKey,
  MetricsNaming,
} from './metric-definitions.js'
export type { MetricSnapshot, MetricValue } from './metric-family.js'
export type { MetricsRegistry } from './metrics-registry.js'
export type { ObservedClient } from './observed-client.js'
export type { ServedRequest } from './server-metrics.js'
