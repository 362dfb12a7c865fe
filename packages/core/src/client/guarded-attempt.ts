import {
  type Bulkhead,
  type CircuitBreaker,
  type Execution,
  type Step,
  timeoutErrors,
  untilAborted,
} from '../policies/index.js'
import { endedIn, inPhase } from './call-phase.js'

/** What surrounds every attempt. */
export interface AttemptGuards {
  readonly bulkhead: Bulkhead | undefined
  readonly breaker: CircuitBreaker | undefined
  readonly attemptTimeoutMs: number | false
}

/** The two halves of an attempt between which it waits. */
export interface AttemptExchange<Received> {
  send(execution: Execution): Promise<Received>
  /** The result of a success, a promise of it only where reading it is asynchronous. */
  read(execution: Execution, received: Received, now: number): unknown
}

/**
 * The innermost step, one attempt: takes a permit, passes the breaker, sends the request, reads the response.
 *
 * It is one function, where `compose` would make four, because every promise between caller and socket costs.
 */
export function linkGuardedAttempt<Received>(
  { bulkhead, breaker, attemptTimeoutMs }: AttemptGuards,
  exchange: AttemptExchange<Received>,
): Step {
  return async (execution) => {
    if (bulkhead !== undefined && !bulkhead.tryAcquire()) await bulkhead.acquire(execution)
    const mark = execution.lingered
    const part = attemptTimeoutMs === false ? execution : execution.fork()
    let ticket: number | undefined
    const startedAt = performance.now()
    try {
      if (execution.aborted) throw endedIn('queued', execution.reason)
      ticket = breaker?.admit(execution)
      if (attemptTimeoutMs !== false) part.expireIn(attemptTimeoutMs, timeoutErrors.attempt, startedAt)
      part.markSent(startedAt)
      const pending = exchange.send(part)
      part.arm(startedAt)
      const received = await pending
      const receivedAt = performance.now()
      const data = exchange.read(part, received, receivedAt)
      const result = data instanceof Promise ? await inPhase('decoding', untilAborted(part, data)) : data
      if (ticket !== undefined) breaker?.succeeded(ticket, result, startedAt, receivedAt)
      return result
    } catch (error) {
      if (ticket !== undefined) breaker?.failed(ticket, error, execution, startedAt)
      throw error
    } finally {
      if (part !== execution) part.release()
      bulkhead?.release(execution, mark)
    }
  }
}
