import { collectDefaultMetrics, Registry } from 'prom-client'
import type { MetricsRegistry } from './metrics-registry.js'

/** Gauges that are called like counters, which `promtool` refuses. Each is the sum of a metric that stays. */
const misnamed: ReadonlySet<string> = new Set([
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
])

/** prom-client starts observers that it never stops, so a process has them once however many services it runs. */
let ofProcess: Registry | undefined

function processMetrics(): readonly { readonly name: string }[] {
  if (ofProcess === undefined) {
    ofProcess = new Registry()
    collectDefaultMetrics({ register: ofProcess })
  }
  return ofProcess.getMetricsAsArray().filter(({ name }) => !misnamed.has(name))
}

/** Shows prom-client's metrics of the process and the event loop, those left out that the registry has already. */
export function addProcessMetrics(registry: MetricsRegistry): readonly string[] {
  const added = processMetrics().filter(({ name }) => registry.getSingleMetric(name) === undefined)
  for (const metric of added) registry.registerMetric(metric as never)
  return added.map(({ name }) => name)
}
