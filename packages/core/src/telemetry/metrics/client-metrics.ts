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
import { TrafficMetrics } from './traffic-metrics.js'

/** The outcome of a call that gave what was asked for. */
export const successOutcome = 'success'

/** The states of a breaker whose transitions are counted. */
const breakerLabels = ['open', 'half_open', 'closed'] as const

/** Makes the slots of an operation whose answers serve several calls. */
interface SharingSlots {
  cacheResult(result: string): CounterSlot
  coalesced(): CounterSlot
}

/** Counts the calls of one operation. Made once, kept by whoever calls. */
class OperationMetrics {
  readonly #slotOf: (outcome: string) => HistogramSlot
  readonly #attemptsSlot: () => CounterSlot
  readonly #byOutcome = new Map<string, HistogramSlot>()
  #success: HistogramSlot | undefined = undefined
  #attempts: CounterSlot | undefined = undefined
  readonly #sharing: SharingSlots
  readonly #cacheResults = new Map<string, CounterSlot>()
  #coalesced: CounterSlot | undefined = undefined

  constructor(
    slotOf: (outcome: string) => HistogramSlot,
    attemptsSlot: () => CounterSlot,
    sharing: SharingSlots,
  ) {
    this.#slotOf = slotOf
    this.#attemptsSlot = attemptsSlot
    this.#sharing = sharing
  }

  /** Counts a call that has ended, with the requests that it sent. */
  record(outcome: string, seconds: number, attempts = 1): void {
    this.slot(outcome).observe(seconds)
    this.#attempts ??= this.#attemptsSlot()
    this.#attempts.value += attempts
  }

  /** Counts how the cache answered a call. */
  cached(result: string): void {
    let slot = this.#cacheResults.get(result)
    if (slot === undefined) {
      slot = this.#sharing.cacheResult(result)
      this.#cacheResults.set(result, slot)
    }
    slot.value++
  }

  /** Counts a call that shared the request of another. */
  coalesced(): void {
    this.#coalesced ??= this.#sharing.coalesced()
    this.#coalesced.value++
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
  readonly #shadowRejections: CounterFamily
  readonly #chaos: CounterFamily
  readonly #cacheResults: CounterFamily
  readonly #coalesced: CounterFamily
  readonly #transitions: CounterFamily
  readonly #ejections: CounterFamily
  readonly #gauges: ClientGauges
  /** Of clients with several versions of a dependency. */
  readonly traffic: TrafficMetrics

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
    this.#shadowRejections = counter('callShadowRejections')
    this.#chaos = counter('callChaos')
    this.#cacheResults = counter('cacheResults')
    this.#coalesced = counter('coalescedCalls')
    this.#transitions = counter('breakerTransitions')
    this.#ejections = counter('endpointEjections')
    this.#gauges = new ClientGauges(naming)
    this.traffic = new TrafficMetrics(options)
    const calls = [
      this.#attempts,
      this.#retries,
      this.#hedges,
      this.#rejections,
      this.#shadowRejections,
      this.#chaos,
    ]
    const shared = [this.#cacheResults, this.#coalesced]
    this.families = [
      this.#durations,
      ...calls,
      ...shared,
      this.#transitions,
      this.#ejections,
      ...this.traffic.families,
      ...this.#gauges.families,
    ]
  }

  /** What counts the calls of one operation. */
  operation(dependency: string, operation: string, method = ''): OperationMetrics {
    return new OperationMetrics(
      (outcome) => this.#durations.series.slot(this.#labels({ dependency, operation, method }, outcome)),
      () => this.#attempts.series.slot([dependency, operation]),
      {
        cacheResult: (result) => this.#cacheResults.series.slot([dependency, operation, result]),
        coalesced: () => this.#coalesced.series.slot([dependency, operation]),
      },
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
      client.$on('shadowReject', ({ dependency, operation, reason }) => {
        this.#shadowRejections.add([dependency, operation, reason.replaceAll(' ', '_')])
      }),
      client.$on('shed', ({ dependency, operation }) => {
        this.#rejections.add([dependency, operation, 'shed'])
      }),
      client.$on('chaos', ({ dependency, operation, kind }) =>
        this.#chaos.add([dependency, operation, kind]),
      ),
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
