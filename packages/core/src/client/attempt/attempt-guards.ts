import type { AdaptiveConcurrency, Bulkhead, CircuitBreaker, Execution } from '../../policies/index.js'
import type { EndpointGuard, EndpointSet, Tried } from '../../upstream/endpoints/index.js'
import type { JudgedCall } from './attempt-facts.js'

/** Where an attempt goes. */
export interface AttemptTarget {
  readonly breaker: CircuitBreaker | undefined
}

/** One of several places. */
export interface ChosenTarget extends AttemptTarget, EndpointGuard {
  /** Until when it is to be left alone because it asked for it, by `performance.now()`. */
  pausedUntil: number
}

/** Where attempts go: always to one place, or each to one of a set. */
export type Targets<Target extends AttemptTarget> =
  | { readonly only: Target; readonly set?: undefined }
  | {
      readonly only?: undefined
      readonly set: EndpointSet<Target & ChosenTarget>
      /** The breakers of all of them refuse. */
      refused(execution: Execution): void
    }

/** What surrounds every attempt. */
export interface AttemptGuards<Target extends AttemptTarget> {
  readonly targets: Targets<Target>
  /** At most one of the two. */
  readonly bulkhead: Bulkhead | undefined
  readonly adaptive: AdaptiveConcurrency | undefined
  readonly attemptTimeoutMs: number | false
  /** The total time of a call, which an attempt has at most. */
  readonly timeoutMs: number | false
}

/** The two halves of an attempt between which it waits. */
export interface AttemptExchange<
  Received,
  Call extends JudgedCall,
  Target extends AttemptTarget = AttemptTarget,
> {
  send(execution: Execution<Call>, target: Target): Promise<Received>
  /** The result of a success, a promise of it only where reading it is asynchronous. */
  read(execution: Execution<Call>, received: Received): unknown
}

/** A call whose attempts go to one endpoint of several each. */
export interface BalancedCall<Guard extends EndpointGuard = EndpointGuard> extends JudgedCall {
  tried: Tried<Guard>
}
