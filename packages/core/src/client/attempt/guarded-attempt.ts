import { type CircuitBreaker, type Step, timeoutErrors, untilAborted } from '../../policies/index.js'
import type { EndpointState } from '../../upstream/endpoints/index.js'
import type { JudgedCall } from './attempt-facts.js'
import type { AttemptExchange, AttemptGuards, AttemptTarget, ChosenTarget } from './attempt-guards.js'
import { endedIn, inPhase } from './call-phase.js'
import { chooseEndpoint } from './choose-endpoint.js'
import { settleFailed } from './failed-attempt.js'

/**
 * The innermost step, one attempt: takes a permit, chooses the endpoint, passes its breaker, sends the request, reads
 * the response.
 *
 * It is one function, where `compose` would make five, because every promise between caller and socket costs.
 */
export function linkGuardedAttempt<Received, Call extends JudgedCall, Target extends AttemptTarget>(
  guards: AttemptGuards<Target>,
  exchange: AttemptExchange<Received, Call, Target>,
): Step<Call> {
  const { targets, adaptive, attemptTimeoutMs } = guards
  const limit = adaptive ?? guards.bulkhead
  const { set } = targets
  const allowedMs = Math.min(attemptTimeoutMs || Infinity, guards.timeoutMs || Infinity)
  return async (execution) => {
    // Who waits for a resolver holds no permit: there would soon be none left, and the queue would be shed.
    const wait = set?.ready(execution)
    if (wait !== undefined) await wait
    if (limit !== undefined && !limit.tryAcquire(execution.priority)) await limit.acquire(execution)
    const mark = execution.lingered
    const part = attemptTimeoutMs === false ? execution : execution.fork()
    const startedAt = performance.now()
    let state: EndpointState<Target & ChosenTarget> | undefined
    let breaker: CircuitBreaker | undefined
    let ticket: number | undefined
    let receivedAt = 0
    try {
      if (execution.aborted) throw endedIn('queued', execution.reason)
      if (set !== undefined) state = chooseEndpoint(targets, execution, startedAt)
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
      execution.data.latency.record(tookMs)
      adaptive?.settled('success', startedAt, receivedAt, allowedMs)
      state?.settled('measured', tookMs, receivedAt)
      return result
    } catch (error) {
      settleFailed(guards, execution, {
        error,
        part,
        state,
        breaker,
        ticket,
        startedAt,
        receivedAt,
        allowedMs,
      })
      throw error
    } finally {
      if (part !== execution) part.release()
      limit?.release(execution, mark)
    }
  }
}
