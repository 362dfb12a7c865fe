import type { SeriesLimits } from './histogram-family.js'
import { type LabelValues, labelObject, numberText } from './label-text.js'
import {
  braced,
  type MetricDescription,
  type MetricFamily,
  type MetricValue,
  type Rendering,
} from './metric-family.js'
import { SeriesTable } from './series-table.js'

/** The count of one series. */
export class CounterSlot {
  readonly labels: string
  readonly values: LabelValues
  value = 0

  constructor(labels: string, values: LabelValues) {
    this.labels = labels
    this.values = values
  }
}

/** A counter. */
export class CounterFamily implements MetricFamily {
  readonly type = 'counter'
  readonly name: string
  readonly help: string
  readonly labelNames: readonly string[]
  readonly series: SeriesTable<CounterSlot>

  constructor({ name, help, labelNames }: MetricDescription, limits: SeriesLimits) {
    this.name = name
    this.help = help
    this.labelNames = labelNames
    const make = (labels: string, values: LabelValues) => new CounterSlot(labels, values)
    this.series = new SeriesTable({ labelNames, make, ...limits })
  }

  /** Counts where there is no time to keep the slot. */
  add(values: LabelValues, amount = 1): void {
    this.series.slot(values).value += amount
  }

  get overflowCount(): number {
    let count = 0
    for (const slot of this.series.overflow()) count += slot.value
    return count
  }

  *lines({ further }: Rendering): Generator<string> {
    for (const { labels, value } of this.series.slots()) {
      yield `${this.name}${braced(labels, further)} ${numberText(value)}\n`
    }
  }

  values(): MetricValue[] {
    return [...this.series.slots()].map(({ values, value }) => ({
      labels: labelObject(this.labelNames, values),
      value,
    }))
  }
}
