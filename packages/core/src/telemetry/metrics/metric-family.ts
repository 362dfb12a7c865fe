import { escapeHelp } from './label-text.js'

/** The text formats that are written. */
export type ExpositionFormat = 'text' | 'openmetrics'

/** One value of a metric, as prom-client's `get()` has it. */
export interface MetricValue {
  readonly labels: Readonly<Record<string, string | number | undefined>>
  readonly value: number
  /** Where it differs from the metric's name: `..._bucket`. */
  readonly metricName?: string | undefined
}

/** A metric with its values, as prom-client's `get()` and `getMetricsAsJSON()` have it. It may be sent between processes. */
export interface MetricSnapshot {
  readonly name: string
  readonly help: string
  /** prom-client's own snapshots hold a number here at times; the values then tell nothing of their type. */
  readonly type: string | number
  /** How values of several processes are put together; the sum without it. */
  readonly aggregator?: string | undefined
  readonly values?: readonly MetricValue[] | undefined
}

/** How a scrape is to be written. */
export interface Rendering {
  readonly format: ExpositionFormat
  /** `,app="shop"`: default labels of the registry, those that the metric has itself left out. */
  readonly further: string
}

/** What is known of a metric before it has values. */
export interface MetricDescription {
  readonly name: string
  readonly help: string
  readonly labelNames: readonly string[]
}

/** A metric of Holdfast's own. */
export interface MetricFamily extends MetricDescription {
  readonly type: 'counter' | 'gauge' | 'histogram'
  /** The lines of one series after the other, each piece cheap to make. */
  lines(rendering: Rendering): Iterable<string>
  /** The same for a registry. */
  values(): MetricValue[]
}

const total = /_total$/

/** Braces around the labels, or nothing without labels. */
export function braced(labels: string, further: string): string {
  const all = labels === '' ? further.slice(1) : labels + further
  return all === '' ? '' : `{${all}}`
}

/** HELP and TYPE. OpenMetrics names a counter without its `_total`. */
export function headerLines(
  { name, help, type }: { readonly name: string; readonly help: string; readonly type: string },
  format: ExpositionFormat,
): string {
  const openMetrics = format === 'openmetrics'
  const shown = openMetrics && type === 'counter' ? name.replace(total, '') : name
  return `# HELP ${shown} ${escapeHelp(help, openMetrics)}\n# TYPE ${shown} ${type}\n`
}
