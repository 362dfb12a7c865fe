import { isHoldfastError } from '../../foundation/errors/index.js'
import type { CircuitBreaker, Execution } from '../../policies/index.js'
import type { EndpointState } from '../../upstream/endpoints/index.js'
import { type JudgedCall, judge } from './attempt-facts.js'
import type { AttemptGuards, AttemptTarget, ChosenTarget } from './attempt-guards.js'

/** An attempt that has failed, as far as it got. */
export interface FailedAttempt<Target extends AttemptTarget> {
  readonly error: unknown
  /** The execution of the attempt alone. */
  readonly part: Execution<JudgedCall>
  readonly state: EndpointState<Target & ChosenTarget> | undefined
  readonly breaker: CircuitBreaker | undefined
  /** Of the breaker, if it has let the attempt through. */
  readonly ticket: number | undefined
  readonly startedAt: number
  /** When the head of the response was there; 0 without one. */
  readonly receivedAt: number
  /** The time that the attempt had. */
  readonly allowedMs: number
}

/** Tells everybody around an attempt what its failure means. */
export function settleFailed<Target extends AttemptTarget>(
  { adaptive, targets }: AttemptGuards<Target>,
  execution: Execution<JudgedCall>,
  failed: FailedAttempt<Target>,
): void {
  const { error, part, state, breaker, ticket, startedAt, receivedAt, allowedMs } = failed
  const verdict = judge(error, part)
  const now = performance.now()
  const tookMs = (receivedAt || now) - startedAt
  if (ticket !== undefined) breaker?.failed(ticket, error, execution, startedAt)
  // How fast a dependency refuses says nothing about how long its work takes.
  if (verdict.latency === 'measured') execution.data.latency.record(tookMs)
  adaptive?.settled(verdict.limiter, startedAt, now, allowedMs)
  if (state === undefined) return
  state.settled(verdict.latency, tookMs, now)
  // What a service has no room for is shed least important first: there may be room for the rest.
  if (verdict.pauses && execution.priority !== 'batch') pauseIfAsked(state, error, now)
  // It may have moved.
  if (verdict.breaker === 'connection') targets.set?.refresh()
}

function pauseIfAsked(state: EndpointState<ChosenTarget>, error: unknown, now: number): void {
  if (!isHoldfastError(error, 'HTTP_STATUS') || error.retryAfterMs === undefined) return
  state.pause(error.retryAfterMs, now)
  state.guard.pausedUntil = Math.max(state.guard.pausedUntil, now + error.retryAfterMs)
}
