import { CollectedFamily, type Reading } from './collected-family.js'
import { CounterFamily, type CounterSlot } from './counter-family.js'
import { overflowLabel } from './label-limits.js'
import { describeMetric, type MetricKey } from './metric-definitions.js'
import type { MetricFamily } from './metric-family.js'
import type { FamilyOptions } from './server-metrics.js'

/** The results of canaries, by the events that tell of them. */
const results = {
  canaryPromoted: 'promoted',
  canaryRolledBack: 'rolled_back',
  canaryStopped: 'stopped',
} as const

/** The part of a traffic split that is counted and shown. */
export interface ObservedTraffic {
  readonly weights: Readonly<Record<string, number>>
  on(name: keyof typeof results, listener: (event: { readonly version: string }) => void): () => void
}

/** Metrics of the versions of dependencies. */
export class TrafficMetrics {
  readonly families: readonly MetricFamily[]
  readonly #calls: CounterFamily
  readonly #canaries: CounterFamily
  readonly #watched = new Map<ObservedTraffic, string>()

  constructor({ maxSeries, naming }: FamilyOptions) {
    const counter = (key: MetricKey) =>
      new CounterFamily(describeMetric(key, naming), {
        maxSeries,
        overflowOf: ([, , last = '']) => [overflowLabel, overflowLabel, last],
      })
    this.#calls = counter('versionCalls')
    this.#canaries = counter('canaries')
    const shares = new CollectedFamily('gauge', describeMetric('versionShare', naming), () => this.#shares())
    this.families = [this.#calls, shares, this.#canaries]
  }

  /** What counts the calls to one version by their outcome. */
  counter(dependency: string, version: string): (outcome: string) => void {
    const slots = new Map<string, CounterSlot>()
    return (outcome) => {
      let slot = slots.get(outcome)
      if (slot === undefined) {
        slot = this.#calls.series.slot([dependency, version, outcome])
        slots.set(outcome, slot)
      }
      slot.value++
    }
  }

  /** Counts canaries and shows the shares, until the returned function is called. */
  watch(dependency: string, traffic: ObservedTraffic): () => void {
    this.#watched.set(traffic, dependency)
    const stops = (Object.keys(results) as (keyof typeof results)[]).map((name) =>
      traffic.on(name, ({ version }) => this.#canaries.add([dependency, version, results[name]])),
    )
    return () => {
      this.#watched.delete(traffic)
      for (const stop of stops) stop()
    }
  }

  *#shares(): Generator<Reading> {
    for (const [{ weights }, dependency] of this.#watched) {
      const sum = Object.values(weights).reduce((total, weight) => total + weight, 0)
      for (const [version, weight] of Object.entries(weights)) yield [[dependency, version], weight / sum]
    }
  }
}
