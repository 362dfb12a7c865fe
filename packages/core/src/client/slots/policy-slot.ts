import type { HedgeSettings, RetrySettings } from '../../contract/index.js'
import type { OptionCheck } from '../../foundation/config/index.js'
import type { Emitter } from '../../foundation/events/index.js'
import type { HedgeEvents, Policy, RateLimit, RetryBudget, Step } from '../../policies/index.js'
import type { ClientEvents } from '../../telemetry/events/index.js'
import type { JudgedCall } from '../attempt/attempt-facts.js'
import type { NamedCall } from '../attempt/named-call.js'

/** Options that are said once for several policies. */
export interface WithCommon {
  /**
   * Breaker, limit and quota only report what they would have done, except where the options of one say otherwise.
   * @default false
   */
  readonly shadow?: boolean
  /**
   * Source of chance for jitter, from 0 to below 1.
   * @default Math.random
   */
  readonly random?: () => number
}

/** What clients know of one policy: how it is checked, made and changed, what it reports, and where it stands. */
export interface PolicySlot<Given> {
  /** The name of its option. */
  readonly name: string & keyof Given
  /** Whether the option can change at run time. */
  readonly lifetime: 'changeable' | 'fixed'
  /** Whether it can be told to do no more than report what it would have done. */
  readonly canShadow?: boolean
  /** Tells what is wrong with its option, and makes nothing. Where others check the option with theirs, it is left out. */
  check?(check: OptionCheck, given: Given & WithCommon): void
  /** Puts it in front of the next step. Those without it are asked by every attempt itself. */
  link?<Call extends RepeatableCall>(next: Step<Call>, context: LinkContext): Step<Call>
}

/** What clients know of a policy of which they keep one, whose state outlives its options. */
export interface KeptSlot<Given, Options extends object, Made extends object> extends PolicySlot<Given> {
  /** Whether there is one for all calls of a dependency, or one for each of its endpoints. */
  readonly per: 'dependency' | 'endpoint'
  /** The options that there are by those of a client, or the policy that was given; `false` for none. */
  optionsOf(given: Given & WithCommon): Options | Made | false
  /** Whether it is a policy that was given, and is its owner's to change. */
  isMade?(options: Options | Made): boolean
  make(options: Options): Made
  /** Reports what it does through the events of the client. */
  forward?(made: Made, to: ForwardTarget): void
  /** Tells how its options may not change. They are right by themselves. */
  checkChange?(check: OptionCheck, change: OptionsChange<Options>): void
  /** The permits that it gives out. */
  permits?(made: Made): Permits
  /** The most permits that there can be by its options. */
  maxPermits?(options: Options): number
  /** Stops its timers. */
  close?(made: Made): void
}

/** Where a policy reports what it does. */
export interface ForwardTarget {
  readonly dependency: string
  /** Where the policy is one of an endpoint's. */
  readonly origin: string
  readonly events: Emitter<ClientEvents>
}

/** A change of the options of a policy that there is. */
export interface OptionsChange<Options> {
  /** What it goes by, or has last gone by before it was switched off. */
  readonly before: Options | undefined
  readonly after: Options
  /** The connections that a client was made with by the most permits of its limit; `undefined` where others say so. */
  readonly connections: number | undefined
}

/** Attempts that may be in flight, and those that are. */
export interface Permits {
  /** `undefined` without a limit. */
  readonly limit: number | undefined
  readonly inFlight: number
  readonly queued: number
}

/** One layer of a pipeline: the step in front of the next. */
export type Layer<Call = unknown> = (next: Step<Call>) => Step<Call>

/** The layer that does nothing. */
export const noLayer = <Call>(next: Step<Call>): Step<Call> => next

/** A call that may be sent more than once, as the `data` of its execution. */
export interface RepeatableCall extends JudgedCall, NamedCall {
  /** Of the request on its way; not `replayable` when its body can be read once only. */
  readonly request: { readonly replayable: boolean } | undefined
  /** Whether sending it twice does no harm. */
  readonly replayable: boolean
}

/** What the layers of one dependency, or of one of its operations, are made from. */
export interface LinkContext {
  readonly dependency: string
  readonly events: Emitter<ClientEvents>
  readonly retryBudget: RetryBudget | undefined
  readonly rateLimit: RateLimit | undefined
  readonly retry: false | RetrySettings
  readonly hedge: false | HedgeSettings
  readonly memory?: LinkMemory
  readonly random: (() => number) | undefined
  /** How long a retry waits because the dependency asked for it. By default as long as the failure says. */
  readonly retryAfterMs?: ((error: unknown) => number | undefined) | undefined
}

/** What layers have observed, for those that take their place. */
export interface LinkMemory {
  hedge?: Policy<HedgeEvents>
}
