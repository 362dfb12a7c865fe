import type { ArmClient, CallSettings } from '../arms/arm.js'
import type { Recorder } from '../metrics/recorder.js'
import type { Behaviour, Moment } from './behaviour.js'
import type { QueueingServer } from './queueing-server.js'
import type { Timeline } from './timeline.js'

/** A service that is called: replicas that are all alike but for their faults. */
export interface DependencySpec {
  readonly replicas: number
  /** Requests that one replica serves at once. */
  readonly slots: number
  /** Mean of the exponential service time, in milliseconds. */
  readonly meanMs: number
  /** What a replica does with a request; serves it where there is none. */
  readonly behave?: (moment: Moment) => Behaviour
  /** Whether Holdfast's server stands in front of each replica, with its admission turned on. */
  readonly hasAdmission?: boolean
  /** Slots of every replica from some moment of the event on. */
  readonly slotSteps?: readonly { readonly eventMs: number; readonly slots: number }[]
}

/** From this moment of the event on, that many calls a second by all clients together. */
export interface LoadStep {
  readonly eventMs: number
  readonly perSecond: number
}

/** When things happen, in milliseconds. */
export interface Timing {
  /** Healthy traffic before the event. */
  readonly warmUpMs: number
  /** How long the event lasts. */
  readonly eventMs: number
  /** Time watched after it. */
  readonly afterMs: number
}

/** Everything that a run takes place in. */
export interface World {
  readonly timeline: Timeline
  /** A source of chance of its own for each purpose, so that every arm meets the same arrivals. */
  random(purpose: string): () => number
  /** When the event begins, in milliseconds of the run. */
  readonly eventAtMs: number
  /** When the last call is made, in milliseconds of the run. */
  readonly endMs: number
  /** The load of the application that is judged. */
  readonly recorder: Recorder
  /** Calls within the calls of the application. */
  readonly inner: Recorder
  connect(dependency: string, settings: CallSettings): ArmClient
  /** The replicas of a dependency, for tiers that forward; in a simulation only. */
  servers(dependency: string): readonly QueueingServer[]
}

/** Figures of one run by name; times in milliseconds, shares from 0 to 1; `undefined` where there is none. */
export type Metrics = Readonly<Record<string, number | undefined>>

/** What must be reached. */
export interface Target {
  /** In words. */
  readonly text: string
  /** The arm that `isMet` compares with. */
  readonly relativeTo?: 'undici.request' | 'fetch + retries'
  /** Whether these figures reach it; `reference` are those of `relativeTo` in the same conditions. */
  isMet(metrics: Metrics, reference: Metrics): boolean
}

/** Something that is counted in each second. */
export interface Picture {
  /** What, in the plural. */
  readonly what: string
  /** How often in each second of the run. */
  readonly series: (run: MeasuredRun) => number[]
}

/** One set of parameters of a scenario. Parameters are part of the definition. */
export interface Variant {
  readonly name: string
  readonly timing: Timing
  /** Instances that share the load. */
  readonly clients: number
  readonly load: readonly LoadStep[]
  readonly dependencies: Readonly<Record<string, DependencySpec>>
  readonly settings: CallSettings
  /** The share of the calls that are critical, where some are. */
  readonly criticalShare?: number
  /** The path of a call. */
  readonly path?: (random: () => number) => string
  /** Makes the load where it is not simply calls to the one dependency. */
  readonly drive?: (world: World) => void
  /** The figures of the scenario's own, beside those that all have. */
  readonly measure?: (run: MeasuredRun, metrics: Metrics) => Metrics
  /** `undefined` where the result is only reported. */
  readonly target: Target | undefined
  /** What its picture shows; the answers within the deadline where it says nothing. */
  readonly picture?: Picture
  /** The figure that the target is about. */
  readonly headline: string
  /** Whether it is run over sockets as well. */
  readonly isReal: boolean
  /** The same in small, where sockets of one machine could not keep up. */
  readonly inReal?: Pick<Variant, 'clients' | 'load' | 'dependencies'>
}

/** A variant as it is run over sockets. */
export function asReal(variant: Variant): Variant {
  return { ...variant, ...variant.inReal }
}

/** What is left of a run when it is over. */
export interface MeasuredRun {
  readonly recorder: Recorder
  readonly inner: Recorder
  readonly eventAtMs: number
  /** When the event is over, in milliseconds of the run. */
  readonly returnAtMs: number
  readonly endMs: number
  /** When requests reached the dependency, in milliseconds of the run. */
  arrivalsAt(dependency: string): readonly number[]
  /** Requests that the dependency gave a slot to. */
  servedBy(dependency: string): number
  /** Requests that reached each replica of the dependency since the event began. */
  sharesOf(dependency: string): readonly number[]
}

/** One row of SCENARIOS. */
export interface Scenario {
  readonly id: string
  readonly title: string
  /** One sentence. */
  readonly story: string
  readonly variants: readonly Variant[]
  /** Names of the variants that the picture shows. */
  readonly pictured: readonly string[]
}
