import { ClientGauges } from './client-gauges.js'
import { CounterFamily, type CounterSlot } from './counter-family.js'
import { HistogramFamily } from './histogram-family.js'
import type { HistogramSlot } from './histogram-slot.js'
import { overflowLabel } from './label-limits.js'
import type { LabelValues } from './label-text.js'
import { describeMetric, type MetricKey } from './metric-definitions.js'
import type { MetricFamily } from './metric-family.js'
import type { ObservedClient } from './observed-client.js'
import type { FamilyOptions } from './server-metrics.js'

/** The outcome of a call that gave what was asked for. */
export const successOutcome = 'success'

/** The states of a breaker whose transitions are counted. */
const breakerLabels = ['open', 'half_open', 'closed'] as const

/** Counts the calls of one operation. Made once, kept by whoever calls. */
class OperationMetrics {
  readonly #slotOf: (outcome: string) => HistogramSlot
  readonly #attemptsSlot: () => CounterSlot
  readonly #byOutcome = new Map<string, HistogramSlot>()
  #success: HistogramSlot | undefined = undefined
  #attempts: CounterSlot | undefined = undefined

  constructor(slotOf: (outcome: string) => HistogramSlot, attemptsSlot: () => CounterSlot) {
    this.#slotOf = slotOf
    this.#attemptsSlot = attemptsSlot
  }

  /** Counts a call that has ended, with the requests that it sent. */
  record(outcome: string, seconds: number, attempts = 1): void {
    this.slot(outcome).observe(seconds)
    this.#attempts ??= this.#attemptsSlot()
    this.#attempts.value += attempts
  }

  /** The slot of an outcome, for an exemplar. */
  slot(outcome: string): HistogramSlot {
    if (outcome === successOutcome) {
      this.#success ??= this.#slotOf(outcome)
      return this.#success
    }
    let slot = this.#byOutcome.get(outcome)
    if (slot === undefined) {
      slot = this.#slotOf(outcome)
      this.#byOutcome.set(outcome, slot)
    }
    return slot
  }
}

/** Metrics of the calls that a service makes. */
export class ClientMetrics {
  readonly families: readonly MetricFamily[]
  readonly #options: FamilyOptions
  readonly #durations: HistogramFamily
  readonly #attempts: CounterFamily
  readonly #retries: CounterFamily
  readonly #hedges: CounterFamily
  readonly #rejections: CounterFamily
  readonly #transitions: CounterFamily
  readonly #ejections: CounterFamily
  readonly #gauges: ClientGauges

  constructor(options: FamilyOptions) {
    const { naming, maxSeries } = options
    this.#options = options
    this.#durations = new HistogramFamily(describeMetric('callDuration', naming), {
      maxSeries,
      overflowOf: ([, , outcome = '']) => [overflowLabel, overflowLabel, outcome],
    })
    const counter = (key: MetricKey) =>
      new CounterFamily(describeMetric(key, naming), {
        maxSeries,
        overflowOf: ([, , last]) => [overflowLabel, overflowLabel, last ?? ''],
      })
    this.#attempts = counter('callAttempts')
    this.#retries = counter('callRetries')
    this.#hedges = counter('callHedges')
    this.#rejections = counter('callRejections')
    this.#transitions = counter('breakerTransitions')
    this.#ejections = counter('endpointEjections')
    this.#gauges = new ClientGauges(naming)
    const calls = [this.#attempts, this.#retries, this.#hedges, this.#rejections]
    this.families = [this.#durations, ...calls, this.#transitions, this.#ejections, ...this.#gauges.families]
  }

  /** What counts the calls of one operation. */
  operation(dependency: string, operation: string, method = ''): OperationMetrics {
    return new OperationMetrics(
      (outcome) => this.#durations.series.slot(this.#labels({ dependency, operation, method }, outcome)),
      () => this.#attempts.series.slot([dependency, operation]),
    )
  }

  /** Counts what a client reports and shows its state in every scrape, until the returned function is called. */
  watch(client: ObservedClient): () => void {
    const stops = [this.#gauges.watch(client), ...this.#watchCalls(client), ...this.#watchEndpoints(client)]
    return () => {
      for (const stop of stops) stop()
    }
  }

  #watchCalls(client: ObservedClient): readonly (() => void)[] {
    return [
      client.$on('retry', ({ dependency, operation }) => this.#retries.add([dependency, operation])),
      client.$on('hedge', ({ dependency, operation }) => this.#hedges.add([dependency, operation])),
      client.$on('reject', ({ dependency, operation, reason }) => {
        this.#rejections.add([dependency, operation, reason.replaceAll(' ', '_')])
      }),
      client.$on('shed', ({ dependency, operation }) => {
        this.#rejections.add([dependency, operation, 'shed'])
      }),
    ]
  }

  #watchEndpoints(client: ObservedClient): readonly (() => void)[] {
    return [
      client.$on('open', ({ dependency, origin }) => this.#transitions.add([dependency, origin, 'open'])),
      client.$on('halfOpen', ({ dependency, origin }) => {
        this.#transitions.add([dependency, origin, 'half_open'])
      }),
      client.$on('close', ({ dependency, origin }) => this.#transitions.add([dependency, origin, 'closed'])),
      client.$on('ejected', ({ dependency, origin }) => this.#ejections.add([dependency, origin])),
      // Addresses come and go without end: what is counted of one goes with it.
      client.$on('endpointReleased', ({ dependency, origin }) => {
        this.#ejections.series.remove([dependency, origin])
        for (const state of breakerLabels) this.#transitions.series.remove([dependency, origin, state])
      }),
    ]
  }

  #labels(
    { dependency, operation, method }: { dependency: string; operation: string; method: string },
    outcome: string,
  ): LabelValues {
    if (this.#options.naming === 'prometheus') return [dependency, operation, outcome]
    return [dependency, operation, outcome === successOutcome ? '' : outcome, method]
  }
}
