import { type LabelValues, labelObject, labelText, numberText } from './label-text.js'
import {
  braced,
  type MetricDescription,
  type MetricFamily,
  type MetricValue,
  type Rendering,
} from './metric-family.js'

/** One value with its labels. */
export type Reading = readonly [values: LabelValues, value: number]

/** A metric that is read when it is scraped. Readings with the same labels are added up. */
export class CollectedFamily implements MetricFamily {
  readonly type: 'counter' | 'gauge'
  readonly name: string
  readonly help: string
  readonly labelNames: readonly string[]
  readonly #read: () => Iterable<Reading>

  constructor(
    type: 'counter' | 'gauge',
    { name, help, labelNames }: MetricDescription,
    read: () => Iterable<Reading>,
  ) {
    this.type = type
    this.name = name
    this.help = help
    this.labelNames = labelNames
    this.#read = read
  }

  *lines({ further }: Rendering): Generator<string> {
    for (const [labels, { value }] of this.#added()) {
      yield `${this.name}${braced(labels, further)} ${numberText(value)}\n`
    }
  }

  values(): MetricValue[] {
    return [...this.#added().values()].map(({ values, value }) => ({
      labels: labelObject(this.labelNames, values),
      value,
    }))
  }

  #added(): Map<string, { readonly values: LabelValues; value: number }> {
    const added = new Map<string, { readonly values: LabelValues; value: number }>()
    for (const [values, value] of this.#read()) {
      const labels = labelText(this.labelNames, values)
      const known = added.get(labels)
      if (known === undefined) added.set(labels, { values, value })
      else known.value += value
    }
    return added
  }
}
