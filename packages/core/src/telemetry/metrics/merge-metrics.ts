import { contentTypes, type Exposition, formatFor } from './exposition.js'
import { labelText, numberText } from './label-text.js'
import { type ExpositionFormat, headerLines, type MetricSnapshot, type MetricValue } from './metric-family.js'
import { Pace, paced } from './paced.js'

interface MergedValue {
  readonly labels: string
  readonly metricName: string
  value: number
  parts: number
}

const combine: Readonly<Record<string, (merged: MergedValue, value: number) => void>> = {
  sum(merged, value) {
    merged.value += value
  },
  first() {},
  min(merged, value) {
    merged.value = Math.min(merged.value, value)
  },
  max(merged, value) {
    merged.value = Math.max(merged.value, value)
  },
  average(merged, value) {
    merged.value += (value - merged.value) / merged.parts
  },
}

/**
 * The metrics of several processes or worker threads as one exposition. Each of them sends what its registry's
 * `getMetricsAsJSON()` gives; values are put together by the `aggregator` of their metric, which is the sum for most.
 *
 * @example
 * ```ts
 * import { mergeMetrics } from '@holdfast/core'
 *
 * const calls = { name: 'calls_total', help: 'Calls.', type: 'counter', values: [{ labels: {}, value: 2 }] }
 * const { chunks } = mergeMetrics([[calls], [calls]])
 * let text = ''
 * for await (const chunk of chunks) text += chunk
 * console.log(text.includes('calls_total 4')) // true
 * ```
 */
export function mergeMetrics(
  snapshots: readonly (readonly MetricSnapshot[])[],
  options: { readonly accept?: string | undefined } = {},
): Exposition {
  const format = formatFor(options.accept)
  return { contentType: contentTypes[format], chunks: writeMerged(snapshots, format) }
}

async function* writeMerged(
  snapshots: readonly (readonly MetricSnapshot[])[],
  format: ExpositionFormat,
): AsyncGenerator<string> {
  const pace = new Pace()
  const byName = grouped(snapshots.flat())
  for (const parts of byName.values()) {
    const [first] = parts
    if (first === undefined || first.aggregator === 'omit') continue
    const merged = await mergeOne(first, parts, pace)
    const type = String(first.type)
    // Without `_total` a counter has no name that OpenMetrics allows.
    const shown =
      format === 'openmetrics' && type === 'counter' && !first.name.endsWith('_total') ? 'unknown' : type
    yield headerLines({ ...first, type: shown }, format)
    yield* paced(lines(merged), pace)
  }
  if (format === 'openmetrics') yield '# EOF\n'
}

function grouped(metrics: readonly MetricSnapshot[]): Map<string, MetricSnapshot[]> {
  const groups = new Map<string, MetricSnapshot[]>()
  for (const metric of metrics) {
    const group = groups.get(metric.name)
    if (group === undefined) groups.set(metric.name, [metric])
    else group.push(metric)
  }
  return groups
}

const valuesBetweenBreaths = 256

async function mergeOne(
  { name, aggregator = 'sum' }: MetricSnapshot,
  parts: readonly MetricSnapshot[],
  pace: Pace,
): Promise<Iterable<MergedValue>> {
  const add = combine[aggregator] ?? combine.sum
  const merged = new Map<string, MergedValue>()
  let seen = 0
  for (const { values = [] } of parts) {
    for (const each of values) {
      const next = readValue(name, each)
      const key = `${next.metricName}{${next.labels}}`
      const known = merged.get(key)
      if (known === undefined) merged.set(key, next)
      else {
        known.parts++
        add?.(known, each.value)
      }
      if (++seen % valuesBetweenBreaths === 0) await pace.breathe()
    }
  }
  return merged.values()
}

/** Sorted by name, since processes need not give their labels in one order; `le` stays last, as is usual. */
function readValue(name: string, { labels, metricName = name, value }: MetricValue): MergedValue {
  const names = Object.keys(labels).filter((label) => label !== 'le' && labels[label] !== undefined)
  names.sort()
  if ('le' in labels) names.push('le')
  const text = labelText(
    names,
    names.map((label) => String(labels[label])),
  )
  return { labels: text, metricName, value, parts: 1 }
}

function* lines(merged: Iterable<MergedValue>): Generator<string> {
  for (const { labels, metricName, value } of merged) {
    yield `${metricName}${labels === '' ? '' : `{${labels}}`} ${numberText(value)}\n`
  }
}
