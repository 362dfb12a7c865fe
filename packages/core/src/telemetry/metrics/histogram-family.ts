import { durationBuckets, type Exemplar, HistogramSlot } from './histogram-slot.js'
import { escapeLabelValue, type LabelValues, labelObject, numberText } from './label-text.js'
import {
  braced,
  type MetricDescription,
  type MetricFamily,
  type MetricValue,
  type Rendering,
} from './metric-family.js'
import { SeriesTable } from './series-table.js'

/** What a metric with labels from outside needs to stay bounded. */
export interface SeriesLimits {
  readonly maxSeries: number
  readonly overflowOf: (values: LabelValues) => LabelValues
}

const les = [...durationBuckets.map(String), '+Inf']

/** A histogram of durations. */
export class HistogramFamily implements MetricFamily {
  readonly type = 'histogram'
  readonly name: string
  readonly help: string
  readonly labelNames: readonly string[]
  readonly series: SeriesTable<HistogramSlot>

  constructor({ name, help, labelNames }: MetricDescription, limits: SeriesLimits) {
    this.name = name
    this.help = help
    this.labelNames = labelNames
    const make = (labels: string, values: LabelValues) => new HistogramSlot(labels, values)
    this.series = new SeriesTable({ labelNames, make, ...limits })
  }

  get overflowCount(): number {
    let count = 0
    for (const slot of this.series.overflow()) count += slot.count
    return count
  }

  *lines(rendering: Rendering): Generator<string> {
    for (const slot of this.series.slots()) yield this.#series(slot, rendering)
  }

  #series({ labels, counts, sum, exemplars }: HistogramSlot, { format, further }: Rendering): string {
    const own = labels === '' ? further.slice(1) : labels + further
    const prefix = `${this.name}_bucket{${own}${own === '' ? '' : ','}le="`
    const withExemplars = format === 'openmetrics' ? exemplars : undefined
    let text = ''
    let count = 0
    for (let bucket = 0; bucket < les.length; bucket++) {
      count += counts[bucket] as number
      text += `${prefix}${les[bucket]}"} ${count}${exemplarText(withExemplars?.[bucket])}\n`
    }
    const end = braced(labels, further)
    return `${text}${this.name}_sum${end} ${numberText(sum)}\n${this.name}_count${end} ${count}\n`
  }

  values(): MetricValue[] {
    const values: MetricValue[] = []
    for (const { values: labelValues, counts, sum } of this.series.slots()) {
      const labels = labelObject(this.labelNames, labelValues)
      let count = 0
      for (let bucket = 0; bucket < les.length; bucket++) {
        count += counts[bucket] as number
        const le = durationBuckets[bucket] ?? '+Inf'
        values.push({ labels: { le, ...labels }, value: count, metricName: `${this.name}_bucket` })
      }
      values.push({ labels, value: sum, metricName: `${this.name}_sum` })
      values.push({ labels, value: count, metricName: `${this.name}_count` })
    }
    return values
  }
}

function exemplarText(exemplar: Exemplar | undefined): string {
  if (exemplar === undefined) return ''
  const { traceId, spanId, value, at } = exemplar
  const span = spanId === undefined ? '' : `,span_id="${escapeLabelValue(spanId)}"`
  return ` # {trace_id="${escapeLabelValue(traceId)}"${span}} ${numberText(value)} ${at}`
}
