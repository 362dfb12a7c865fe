import {
  addTried,
  type EndpointGuard,
  type EndpointSet,
  type EndpointState,
  type Tried,
} from '../endpoints/index.js'
import { isHoldfastError } from '../errors/index.js'
import {
  type AdaptiveConcurrency,
  type Bulkhead,
  type CircuitBreaker,
  type Execution,
  type Step,
  timeoutErrors,
  untilAborted,
} from '../policies/index.js'
import { type JudgedCall, judge } from './attempt-facts.js'
import { endedIn, inPhase } from './call-phase.js'
import type { Verdict } from './classify.js'

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
export interface AttemptExchange<Received, Target extends AttemptTarget = AttemptTarget> {
  send(execution: Execution, target: Target): Promise<Received>
  /** The result of a success, a promise of it only where reading it is asynchronous. */
  read(execution: Execution, received: Received): unknown
}

/** A call whose attempts go to one endpoint of several each. */
export interface BalancedCall<Guard extends EndpointGuard = EndpointGuard> extends JudgedCall {
  tried: Tried<Guard>
}

/**
 * The innermost step, one attempt: takes a permit, chooses the endpoint, passes its breaker, sends the request, reads
 * the response.
 *
 * It is one function, where `compose` would make five, because every promise between caller and socket costs.
 */
export function linkGuardedAttempt<Received, Target extends AttemptTarget>(
  { targets, bulkhead, adaptive, attemptTimeoutMs, timeoutMs }: AttemptGuards<Target>,
  exchange: AttemptExchange<Received, Target>,
): Step {
  const limit = adaptive ?? bulkhead
  const { set } = targets
  const allowedMs = Math.min(
    attemptTimeoutMs || Number.POSITIVE_INFINITY,
    timeoutMs || Number.POSITIVE_INFINITY,
  )
  return async (execution) => {
    // Who waits for a resolver holds no permit: there would soon be none left, and the queue would be shed.
    const wait = set?.ready(execution)
    if (wait !== undefined) await wait
    if (limit !== undefined && !limit.tryAcquire()) await limit.acquire(execution)
    const mark = execution.lingered
    const part = attemptTimeoutMs === false ? execution : execution.fork()
    const startedAt = performance.now()
    let state: EndpointState<Target & ChosenTarget> | undefined
    let breaker: CircuitBreaker | undefined
    let ticket: number | undefined
    let receivedAt = 0
    try {
      if (execution.aborted) throw endedIn('queued', execution.reason)
      if (set !== undefined) state = choose(targets, execution, startedAt)
      const target = state === undefined ? (targets.only as Target) : state.guard
      breaker = target.breaker
      ticket = breaker?.admit(execution)
      if (attemptTimeoutMs !== false) part.expireIn(attemptTimeoutMs, timeoutErrors.attempt, startedAt)
      part.markSent(startedAt)
      const pending = exchange.send(part, target)
      part.arm(startedAt)
      const received = await pending
      receivedAt = performance.now()
      const data = exchange.read(part, received)
      const result = data instanceof Promise ? await inPhase('decoding', untilAborted(part, data)) : data
      if (ticket !== undefined) breaker?.succeeded(ticket, result, startedAt, receivedAt)
      const tookMs = receivedAt - startedAt
      ;(execution.data as JudgedCall).latency.record(tookMs)
      adaptive?.settled('success', startedAt, receivedAt, allowedMs)
      state?.settled('measured', tookMs, receivedAt)
      return result
    } catch (error) {
      const verdict = judge(error, part)
      const now = performance.now()
      const tookMs = (receivedAt || now) - startedAt
      if (ticket !== undefined) breaker?.failed(ticket, error, execution, startedAt)
      // How fast a dependency refuses says nothing about how long its work takes.
      if (verdict.latency === 'measured') (execution.data as JudgedCall).latency.record(tookMs)
      adaptive?.settled(verdict.limiter, startedAt, now, allowedMs)
      if (state !== undefined && set !== undefined) settleFailure(set, state, { error, verdict, tookMs, now })
      throw error
    } finally {
      if (part !== execution) part.release()
      limit?.release(execution, mark)
    }
  }
}

/** One that is doing well, and that the call has not been sent to before; the other leg of a hedged call counts. */
function choose<Target extends AttemptTarget>(
  targets: Targets<Target>,
  execution: Execution,
  now: number,
): EndpointState<Target & ChosenTarget> {
  const { set, refused } = targets as Extract<Targets<Target>, { refused: unknown }>
  const call = execution.data as BalancedCall<Target & ChosenTarget>
  const state = set.pick(call.tried, now)
  if (state === undefined) {
    const refusal = set.refusal()
    if (isHoldfastError(refusal, 'CIRCUIT_OPEN')) refused(execution)
    throw refusal
  }
  call.tried = addTried(call.tried, state)
  state.began()
  return state
}

interface FailedAttempt {
  readonly error: unknown
  readonly verdict: Verdict
  readonly tookMs: number
  readonly now: number
}

/** What a failure means to the endpoint it happened on. */
function settleFailure<Guard extends ChosenTarget>(
  set: EndpointSet<Guard>,
  state: EndpointState<Guard>,
  { error, verdict, tookMs, now }: FailedAttempt,
): void {
  state.settled(verdict.latency, tookMs, now)
  if (verdict.pauses && isHoldfastError(error, 'HTTP_STATUS') && error.retryAfterMs !== undefined) {
    state.pause(error.retryAfterMs, now)
    state.guard.pausedUntil = Math.max(state.guard.pausedUntil, now + error.retryAfterMs)
  }
  // It may have moved.
  if (verdict.breaker === 'connection') set.refresh()
}
