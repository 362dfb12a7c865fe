import { type ErrorDetails, HoldfastError } from './holdfast-error.js'

/** The total time of a call (`timeoutMs`) ran out. */
export class DeadlineExceededError extends HoldfastError {
  override readonly name = 'DeadlineExceededError'
  declare readonly code: 'DEADLINE_EXCEEDED'
  constructor(message = 'the call ran out of time', details?: ErrorDetails) {
    super('DEADLINE_EXCEEDED', message, details)
  }
}

/** One attempt took longer than `attemptTimeoutMs`. */
export class AttemptTimeoutError extends HoldfastError {
  override readonly name = 'AttemptTimeoutError'
  declare readonly code: 'ATTEMPT_TIMEOUT'
  constructor(message = 'the attempt timed out', details?: ErrorDetails) {
    super('ATTEMPT_TIMEOUT', message, details)
  }
}

/** A streamed body stopped arriving, or its consumer stopped reading it, for longer than the idle timeout. */
export class BodyTimeoutError extends HoldfastError {
  override readonly name = 'BodyTimeoutError'
  declare readonly code: 'BODY_TIMEOUT'
  constructor(message = 'the body stopped arriving', details?: ErrorDetails) {
    super('BODY_TIMEOUT', message, details)
  }
}

/** The circuit breaker is open: nothing was sent. */
export class CircuitOpenError extends HoldfastError {
  override readonly name = 'CircuitOpenError'
  declare readonly code: 'CIRCUIT_OPEN'
  /** Milliseconds until the breaker lets a probe through; `undefined` while it is isolated by hand. */
  readonly retryAfterMs: number | undefined
  constructor(message = 'the circuit is open', retryAfterMs?: number, details?: ErrorDetails) {
    super('CIRCUIT_OPEN', message, { phase: 'queued', ...details })
    this.retryAfterMs = retryAfterMs
  }
}

/** No permit was free and the queue was full, or the wait in the queue was too long. */
export class ConcurrencyLimitError extends HoldfastError {
  override readonly name = 'ConcurrencyLimitError'
  declare readonly code: 'CONCURRENCY_LIMIT'
  constructor(message = 'too many calls in flight', details?: ErrorDetails) {
    super('CONCURRENCY_LIMIT', message, { phase: 'queued', ...details })
  }
}

/** The outbound quota of `rateLimit` is used up. */
export class RateLimitedError extends HoldfastError {
  override readonly name = 'RateLimitedError'
  declare readonly code: 'RATE_LIMITED'
  /** Milliseconds until the quota is renewed, where it is known. */
  readonly retryAfterMs: number | undefined
  constructor(message = 'the outbound quota is used up', retryAfterMs?: number, details?: ErrorDetails) {
    super('RATE_LIMITED', message, { phase: 'queued', ...details })
    this.retryAfterMs = retryAfterMs
  }
}

/** The caller aborted the call, or a hedged call was won by its other leg. `cause` is the abort's reason. */
export class AbortedError extends HoldfastError {
  override readonly name = 'AbortedError'
  declare readonly code: 'ABORTED'
  constructor(message = 'the call was aborted', details?: ErrorDetails) {
    super('ABORTED', message, details)
  }
}

/** The client has been closed. */
export class ClosedError extends HoldfastError {
  override readonly name = 'ClosedError'
  declare readonly code: 'CLOSED'
  constructor(message = 'the client is closed', details?: ErrorDetails) {
    super('CLOSED', message, details)
  }
}

/** No endpoint of the dependency is known. */
export class NoEndpointsError extends HoldfastError {
  override readonly name = 'NoEndpointsError'
  declare readonly code: 'NO_ENDPOINTS'
  constructor(message = 'no endpoint is known', details?: ErrorDetails) {
    super('NO_ENDPOINTS', message, details)
  }
}
