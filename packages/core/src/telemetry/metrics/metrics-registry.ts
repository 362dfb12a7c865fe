import type { MetricFamily, MetricSnapshot } from './metric-family.js'

/** The part of a prom-client `Registry` that is used; any registry of this shape will do. */
export interface MetricsRegistry {
  readonly contentType: string
  registerMetric(metric: never): void
  removeSingleMetric(name: string): void
  getSingleMetric(name: string): unknown
  getMetricsAsArray(): readonly { readonly name: string }[]
  getSingleMetricAsString(name: string): Promise<string>
  getMetricsAsJSON(): Promise<readonly object[]>
}

/** What a registry must be able to do. */
export const registryMethods = [
  'registerMetric',
  'removeSingleMetric',
  'getSingleMetric',
  'getMetricsAsArray',
  'getSingleMetricAsString',
  'getMetricsAsJSON',
] as const

/** What a registry holds in place of a metric whose numbers are kept elsewhere. */
class BridgedMetric {
  readonly name: string
  readonly help: string
  readonly type: string
  readonly labelNames: readonly string[]
  readonly aggregator = 'sum'
  readonly #family: MetricFamily

  constructor(family: MetricFamily) {
    this.name = family.name
    this.help = family.help
    this.type = family.type
    this.labelNames = family.labelNames
    this.#family = family
  }

  async get(): Promise<MetricSnapshot> {
    const { name, help, type, aggregator } = this
    return { name, help, type, aggregator, values: this.#family.values() }
  }

  /** Counters that go back look like a restart to Prometheus, so `registry.resetMetrics()` leaves these alone. */
  reset(): void {}
}

/** Shows a metric in a registry, for those who scrape or aggregate the registry itself. */
export function bridge(registry: MetricsRegistry, family: MetricFamily): void {
  registry.registerMetric(new BridgedMetric(family) as never)
}
