import { type LabelValues, labelText } from './label-text.js'

/** What a table of series is made of. */
export interface SeriesTableOptions<Slot> {
  readonly labelNames: readonly string[]
  /** Series at most, those of the overflow not counted. */
  readonly maxSeries: number
  /** The few labels that a series gets which found no place any more. */
  readonly overflowOf: (values: LabelValues) => LabelValues
  readonly make: (labels: string, values: LabelValues) => Slot
}

/**
 * The series of one metric by their labels, at most so many. What comes later shares the series of the overflow, so
 * that names made up by callers never fill the memory, here or in Prometheus.
 */
export class SeriesTable<Slot> {
  readonly #options: SeriesTableOptions<Slot>
  readonly #series = new Map<string, Slot>()
  readonly #overflow = new Map<string, Slot>()

  constructor(options: SeriesTableOptions<Slot>) {
    this.#options = options
  }

  get isFull(): boolean {
    return this.#series.size >= this.#options.maxSeries
  }

  /** The slot of these labels, or the one of the overflow that stands in for it. */
  slot(values: LabelValues): Slot {
    const { labelNames, overflowOf } = this.#options
    const labels = labelText(labelNames, values)
    const known = this.#series.get(labels)
    if (known !== undefined) return known
    const overflowValues = overflowOf(values)
    const overflowLabels = labelText(labelNames, overflowValues)
    // A route that is called like the overflow must not become a second series of the same name.
    if (this.isFull || labels === overflowLabels) {
      return this.#make(this.#overflow, overflowLabels, overflowValues)
    }
    return this.#make(this.#series, labels, values)
  }

  /** Forgets a series, whose labels nobody will use any more; that of the overflow stays. */
  remove(values: LabelValues): void {
    this.#series.delete(labelText(this.#options.labelNames, values))
  }

  *slots(): Generator<Slot> {
    yield* this.#series.values()
    yield* this.#overflow.values()
  }

  overflow(): Iterable<Slot> {
    return this.#overflow.values()
  }

  #make(slots: Map<string, Slot>, labels: string, values: LabelValues): Slot {
    let slot = slots.get(labels)
    if (slot === undefined) {
      slot = this.#options.make(labels, values)
      slots.set(labels, slot)
    }
    return slot
  }
}
