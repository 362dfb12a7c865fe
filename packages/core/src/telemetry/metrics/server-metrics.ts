import { CollectedFamily } from './collected-family.js'
import { CounterFamily } from './counter-family.js'
import { HistogramFamily } from './histogram-family.js'
import type { HistogramSlot } from './histogram-slot.js'
import {
  methodIndex,
  methodLabel,
  otherLabel,
  overflowLabel,
  statusLabel,
  unmatchedRoute,
} from './label-limits.js'
import type { LabelValues } from './label-text.js'
import { describeMetric, type MetricsNaming } from './metric-definitions.js'
import type { MetricFamily } from './metric-family.js'

/** A request that has been answered, or whose caller has left. */
export interface ServedRequest {
  readonly method: string
  /** The template of the route; `undefined` when none matched. */
  readonly route: string | undefined
  /** 499 when the caller left before the headers were sent. */
  readonly status: number
  readonly durationMs: number
  /** Whether the caller left before the end of the answer. */
  readonly aborted: boolean
  /** The trace that the request belongs to. */
  readonly trace?:
    | { readonly traceId: string; readonly spanId?: string; readonly sampled: boolean }
    | undefined
}

/** What all metrics of a service have in common. */
export interface FamilyOptions {
  readonly naming: MetricsNaming
  /** Series of one metric at most. */
  readonly maxSeries: number
  readonly exemplars: boolean
}

/** What bounds the requests that are worked on at once. */
export interface ObservedAdmission {
  readonly limit: number
  readonly queued: number
}

const clientClosedRequest = 499
const statuses = 1_000

/** The slots of one route, found without hashing a label. */
class RouteSlots {
  readonly route: string
  readonly #slots = new Map<number, HistogramSlot>()
  #last: HistogramSlot | undefined = undefined
  #lastMethod = ''
  #lastStatus = 0

  constructor(route: string) {
    this.route = route
  }

  slot(
    method: string,
    status: number,
    make: (method: string, status: string) => HistogramSlot,
  ): HistogramSlot {
    if (this.#last !== undefined && method === this.#lastMethod && status === this.#lastStatus)
      return this.#last
    const index = this.route === overflowLabel ? methodIndex(otherLabel) : methodIndex(method)
    const label = statusLabel(status)
    const key = index * statuses + (label === otherLabel ? 0 : status)
    let slot = this.#slots.get(key)
    if (slot === undefined) {
      slot = make(methodLabel(index), label)
      this.#slots.set(key, slot)
    }
    this.#last = slot
    this.#lastMethod = method
    this.#lastStatus = status
    return slot
  }
}

/** Metrics of the requests that a service answers. */
export class ServerMetrics {
  readonly families: readonly MetricFamily[]
  readonly #options: FamilyOptions
  readonly #durations: HistogramFamily
  readonly #aborted: CounterFamily
  readonly #refused: CounterFamily
  readonly #shadowRefused: CounterFamily
  readonly #chaos: CounterFamily
  readonly #routes = new Map<string, RouteSlots>()
  #inFlight = 0
  #admission: ObservedAdmission | undefined = undefined

  constructor(options: FamilyOptions) {
    const { naming, maxSeries } = options
    this.#options = options
    this.#durations = new HistogramFamily(describeMetric('requestDuration', naming), {
      maxSeries,
      overflowOf: ([, , status = otherLabel, ...further]) => [otherLabel, overflowLabel, status, ...further],
    })
    this.#aborted = new CounterFamily(describeMetric('requestsAborted', naming), {
      maxSeries,
      overflowOf: () => [otherLabel, overflowLabel],
    })
    const inFlight = new CollectedFamily('gauge', describeMetric('requestsInFlight', naming), () => [
      [[], this.#inFlight],
    ])
    this.#refused = new CounterFamily(describeMetric('requestsRefused', naming), {
      maxSeries,
      overflowOf: () => [otherLabel, otherLabel],
    })
    this.#shadowRefused = new CounterFamily(describeMetric('requestsShadowRefused', naming), {
      maxSeries,
      overflowOf: () => [otherLabel, otherLabel],
    })
    this.#chaos = new CounterFamily(describeMetric('requestsChaos', naming), {
      maxSeries,
      overflowOf: () => [otherLabel],
    })
    this.families = [
      this.#durations,
      inFlight,
      this.#aborted,
      this.#refused,
      this.#shadowRefused,
      ...this.#admissionGauges(naming),
      this.#chaos,
    ]
  }

  /** Requests that are being answered. */
  get inFlight(): number {
    return this.#inFlight
  }

  /** A request has come. Each is ended with `end`, once. */
  begin(): void {
    this.#inFlight++
  }

  /** A request was not let in. */
  refused(reason: string, priority: string): void {
    this.#refused.add([reason, priority])
  }

  /** A request was let in only because admission is in shadow. */
  shadowRefused(reason: string, priority: string): void {
    this.#shadowRefused.add([reason, priority])
  }

  /** Chaos has done something to a request. */
  injected(kind: string): void {
    this.#chaos.add([kind])
  }

  /** Shows the limit of `admission`, and who waits for it. */
  observeAdmission(admission: ObservedAdmission): void {
    this.#admission = admission
  }

  /** The request is over, however it ended. */
  end(served: ServedRequest): void {
    if (this.#inFlight > 0) this.#inFlight--
    const { method, status, durationMs, aborted, trace } = served
    const slots = this.#slotsOf(served.route)
    const slot = slots.slot(method, status, (methodName, statusCode) =>
      this.#durations.series.slot(this.#labels(methodName, slots.route, statusCode)),
    )
    const seconds = durationMs / 1_000
    slot.observe(seconds)
    if (trace?.sampled && this.#options.exemplars) slot.exemplify(seconds, trace.traceId, trace.spanId)
    if (aborted && status !== clientClosedRequest) {
      this.#aborted.add([methodLabel(methodIndex(method)), slots.route])
    }
  }

  #admissionGauges(naming: MetricsNaming): readonly MetricFamily[] {
    const read = (value: 'limit' | 'queued') => () =>
      this.#admission === undefined ? [] : [[[], this.#admission[value]] as const]
    return [
      new CollectedFamily('gauge', describeMetric('admissionLimit', naming), read('limit')),
      new CollectedFamily('gauge', describeMetric('requestsQueued', naming), read('queued')),
    ]
  }

  #slotsOf(route: string | undefined): RouteSlots {
    const name = route === undefined || route === '' ? unmatchedRoute : route
    const known = this.#routes.get(name)
    if (known !== undefined) return known
    const isFull = this.#routes.size >= this.#options.maxSeries || this.#durations.series.isFull
    if (isFull && name !== overflowLabel) return this.#slotsOf(overflowLabel)
    const slots = new RouteSlots(name)
    this.#routes.set(name, slots)
    return slots
  }

  #labels(method: string, route: string, status: string): LabelValues {
    if (this.#options.naming === 'prometheus') return [method, route, status]
    return [method, route, status, status >= '500' && status < '600' ? status : '']
  }
}
