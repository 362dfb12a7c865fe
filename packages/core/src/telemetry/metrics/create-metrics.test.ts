import { readFileSync } from 'node:fs'
import { Gauge, Registry } from 'prom-client'
import { describe, expect, it } from 'vitest'
import { createMetrics, metricsDefaults } from './create-metrics.js'
import { describeMetric, type MetricKey, metricDefinitions } from './metric-definitions.js'

const page = readFileSync(new URL('../../../../../docs/metrics.md', import.meta.url), 'utf8')

describe('createMetrics', () => {
  it('names everything that is wrong with the options', () => {
    const options = { registry: {}, naming: 'x', maxSeries: 0, exemplars: 1, process: 1, name: 'a' }
    expect(() => createMetrics(options as never)).toThrow(
      /name: .*registry: .*registerMetric.*naming: .*maxSeries: .*exemplars: .*process: /s,
    )
  })

  it('refuses a registry that has such a metric already, and leaves it as it was', () => {
    const registry = new Registry()
    new Gauge({ name: 'http_requests_in_flight', help: 'Mine.', registers: [registry] })
    expect(() => createMetrics({ registry })).toThrow("'http_requests_in_flight' already")
    expect(registry.getMetricsAsArray()).toHaveLength(1)
  })

  it('adds what the registry lacks of the metrics of the process, and takes out what it has put in', () => {
    const registry = new Registry()
    const own = new Gauge({ name: 'process_open_fds', help: 'Mine.', registers: [registry] })
    const metrics = createMetrics({ registry })
    expect(registry.getSingleMetric('process_open_fds')).toBe(own)
    expect(registry.getSingleMetric('process_max_fds')).toBeDefined()
    metrics.close()
    expect(registry.getMetricsAsArray()).toEqual([own])
    createMetrics({ registry }).close()
  })

  it('keeps its counts when the registry is reset', async () => {
    const metrics = createMetrics({ process: false })
    metrics.client.operation('orders', 'get').record('success', 0.1)
    metrics.registry.resetMetrics()
    expect(await metrics.registry.getSingleMetricAsString('http_client_attempts_total')).toContain(' 1')
  })
})

describe('the page about metrics', () => {
  const rows = page.split('\n').filter((line) => line.startsWith('| `'))

  it('has every metric with its type, its labels, its other name and its meaning', () => {
    const known = Object.entries(metricDefinitions).map(([key, { type, name, labels, help }]) => {
      const otel = describeMetric(key as MetricKey, 'otel').name
      const shown = labels.map((label) => `\`${label}\``).join(', ') || 'none'
      return `| \`${name}\` | ${type} | ${shown} | ${otel === name ? 'the same' : `\`${otel}\``} | ${help} |`
    })
    expect(rows.filter((row) => /^\| `(http|metrics)_/.test(row))).toEqual(known)
  })

  it('has every label of the semantic conventions', () => {
    const names = new Set(
      Object.keys(metricDefinitions).flatMap((key) => describeMetric(key as MetricKey, 'otel').labelNames),
    )
    for (const name of names) expect(page).toContain(`\`${name}\``)
  })

  it('has the defaults', () => {
    for (const [name, value] of Object.entries(metricsDefaults)) {
      const shown = typeof value === 'string' ? `'${value}'` : String(value)
      expect(page).toContain(`| \`${name}\` | \`${shown}\` |`)
    }
  })
})
