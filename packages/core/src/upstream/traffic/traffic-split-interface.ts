import type { Listener, Unsubscribe } from '../../foundation/events/index.js'
import type { CanaryOptions } from './canary-options.js'
import type { CanaryProgress, CanaryRun } from './canary-run.js'
import type { TrafficDecision } from './traffic-decision.js'
import type { TrafficEvents } from './traffic-events.js'
import type { TrafficRequest } from './traffic-request.js'
import type { TrafficRule } from './traffic-rule.js'

/** How a call went. */
export interface TrafficOutcome {
  /** Whether the version did what it should. Leave out calls whose failure was the caller's: report nothing. */
  readonly ok: boolean
  /** In milliseconds; without it only `ok` counts. */
  readonly tookMs?: number | undefined
}

/** What has been counted of one version. */
export interface VersionStats {
  readonly weight: number
  /** The part of the calls that the weight gives it, from 0 to 1. */
  readonly share: number
  /** Calls sent to it, by weight or by a rule. */
  readonly decided: number
  /** Calls that were reported. */
  readonly ok: number
  readonly failed: number
}

/** The state of a split at one moment. */
export interface TrafficStats<Version extends string = string> {
  readonly name: string
  readonly versions: Readonly<Record<Version, VersionStats>>
  /** The canary on its way; `undefined` without one. */
  readonly canary: CanaryProgress | undefined
}

/** Shares calls between named versions of a dependency. Everything may be changed while calls go on. */
export interface TrafficSplit<Version extends string = string> extends Disposable {
  readonly name: string
  readonly versions: readonly Version[]
  readonly weights: Readonly<Record<Version, number>>
  readonly rules: readonly TrafficRule<Version>[]
  readonly failureStatuses: readonly number[]
  /** The version for a call. Never throws. */
  choose(request?: TrafficRequest): Version
  /** The same, and whether a rule has decided: what `report` must know while rules and a canary work together. */
  decide(request?: TrafficRequest): TrafficDecision<Version>
  /**
   * Tells how a call went. By the version alone it counts for the canary; by its decision only where the weights have
   * decided, because rules send other calls to one version than to the other.
   * @throws {ConfigInvalidError} `CONFIG_INVALID` for an unknown version
   */
  report(version: Version | TrafficDecision<Version>, outcome: TrafficOutcome): void
  /**
   * Shares the calls anew, from the next one on. A canary on its way is stopped.
   * @throws {ConfigInvalidError} `CONFIG_INVALID`, naming everything that is wrong at once; the old weights stay.
   */
  setWeights(weights: Readonly<Record<Version, number>>): void
  /**
   * Sends all calls to one version, from the next one on: blue-green. A canary on its way is stopped.
   * @throws {ConfigInvalidError} `CONFIG_INVALID` for an unknown version
   */
  switchTo(version: Version): void
  /**
   * Replaces the rules.
   * @throws {ConfigInvalidError} `CONFIG_INVALID`, naming everything that is wrong at once; the old rules stay.
   */
  setRules(rules: readonly TrafficRule<Version>[]): void
  /**
   * Leads a version to all of the calls step by step, and rolls it back by itself when it does worse than its baseline.
   * @throws {ConfigInvalidError} `CONFIG_INVALID`, naming everything that is wrong at once, and while another canary is
   * on its way.
   */
  startCanary(version: Version, options?: CanaryOptions<Version>): CanaryRun
  /**
   * Takes all calls from the canary on its way; without one, undoes the last change of the weights.
   * @returns whether there was anything to undo
   */
  rollback(reason?: string): boolean
  stats(): TrafficStats<Version>
  /** Subscribes to an event; returns what unsubscribes. */
  on<Name extends keyof TrafficEvents>(name: Name, listener: Listener<TrafficEvents[Name]>): Unsubscribe
  /** Stops the canary on its way and its timer. The weights stay, and calls may go on. */
  close(): void
}
