import {
  type ErrorCode,
  type HoldfastError,
  HttpError,
  isHoldfastError,
} from '../../foundation/errors/index.js'
import type { BreakerVerdict } from '../../policies/index.js'

/** What the outcome of one attempt means to each mechanism. */
export interface Verdict {
  /**
   * `always`: any method, the request was not sent or not processed. `replayable`: only what may be sent twice.
   * `optIn`: like `replayable`, but only for statuses that the operation lists.
   */
  readonly retry: 'no' | 'replayable' | 'always' | 'optIn'
  readonly breaker: BreakerVerdict
  readonly limiter: 'success' | 'overload' | 'neutral'
  /** What the latency average of the endpoint takes from it. */
  readonly latency: 'measured' | 'penalty' | 'timeout' | 'none'
  /** Whether a first attempt with this outcome earns retry budget. */
  readonly earns: boolean
  /** Whether `Retry-After` keeps further calls away from the endpoint. */
  readonly pauses: boolean
}

/** What the verdict needs to know of the attempt beyond its error. */
export interface AttemptFacts {
  /** Milliseconds since the request was handed over; 0 when it was not. */
  readonly elapsedMs: number
  /** How long an attempt usually takes, in milliseconds; `undefined` while nothing is known. */
  readonly usualMs: number | undefined
}

const verdict = (
  retry: Verdict['retry'],
  breaker: Verdict['breaker'],
  limiter: Verdict['limiter'],
  latency: Verdict['latency'],
  more: { readonly earns?: true; readonly pauses?: true } = {},
): Verdict =>
  Object.freeze({
    retry,
    breaker,
    limiter,
    latency,
    earns: more.earns ?? false,
    pauses: more.pauses ?? false,
  })

/** The rows of the table. */
const verdicts = {
  answered: verdict('no', 'success', 'success', 'measured', { earns: true }),
  tooEarly: verdict('replayable', 'success', 'success', 'measured'),
  throttled: verdict('replayable', 'success', 'overload', 'none', { pauses: true }),
  unavailableFor: verdict('replayable', 'failure', 'overload', 'penalty', { pauses: true }),
  unavailable: verdict('replayable', 'failure', 'neutral', 'penalty'),
  serverError: verdict('optIn', 'failure', 'neutral', 'penalty'),
  notConnected: verdict('always', 'connection', 'neutral', 'penalty'),
  notAccepted: verdict('always', 'connection', 'overload', 'penalty'),
  lost: verdict('replayable', 'failure', 'neutral', 'penalty'),
  notProcessed: verdict('always', 'failure', 'neutral', 'penalty'),
  timedOut: verdict('replayable', 'failure', 'overload', 'timeout'),
  invalid: verdict('no', 'neutral', 'success', 'measured'),
  garbage: verdict('no', 'failure', 'neutral', 'penalty'),
  local: verdict('no', 'neutral', 'neutral', 'none'),
  ranOut: verdict('no', 'failure', 'overload', 'none'),
  stalledUpload: verdict('no', 'neutral', 'neutral', 'none'),
} as const

/** The codes whose meaning does not depend on anything else. */
const byCode: Partial<Record<ErrorCode, Verdict>> = {
  DNS_FAILED: verdicts.notConnected,
  TLS_FAILED: verdicts.notConnected,
  BODY_TIMEOUT: verdicts.timedOut,
  INVALID_RESPONSE: verdicts.invalid,
  RESPONSE_TOO_LARGE: verdicts.invalid,
  PROTOCOL_ERROR: verdicts.garbage,
}

/**
 * The one table of what an attempt's outcome means to retry, breaker, limiter, balancing and budget. The policies
 * take its verdict and know nothing of HTTP.
 *
 * @param error `undefined` for a success.
 */
export function classify(error: unknown, facts: AttemptFacts): Verdict {
  if (error === undefined) return verdicts.answered
  if (error instanceof HttpError) return classifyStatus(error.status, error.retryAfterMs !== undefined)
  if (!isHoldfastError(error)) return verdicts.local
  switch (error.code) {
    case 'CONNECT_FAILED': {
      const { reason } = error as { reason?: unknown }
      return reason === 'unreachable' ? verdicts.notConnected : verdicts.notAccepted
    }
    case 'CONNECTION_LOST':
      return (error as { processed?: unknown }).processed === false ? verdicts.notProcessed : verdicts.lost
    case 'ATTEMPT_TIMEOUT':
      return isUploading(error) ? verdicts.stalledUpload : verdicts.timedOut
    case 'DEADLINE_EXCEEDED':
      if (isUploading(error)) return verdicts.stalledUpload
      return hadItsTime(facts) ? verdicts.ranOut : verdicts.local
    default:
      return byCode[error.code] ?? verdicts.local
  }
}

/** While a streamed body is being sent nobody can tell whose fault the wait is: the source may be slow. */
function isUploading(error: HoldfastError): boolean {
  return error.phase === 'sending'
}

/** The rows of the table that an HTTP status selects. */
export function classifyStatus(status: number, hasRetryAfter: boolean): Verdict {
  if (status < 400) return verdicts.answered
  if (status === 408 || status === 425) return verdicts.tooEarly
  if (status === 429) return verdicts.throttled
  if (status === 503 && hasRetryAfter) return verdicts.unavailableFor
  if (status >= 502 && status <= 504) return verdicts.unavailable
  return status >= 500 ? verdicts.serverError : verdicts.answered
}

/** A call that came with little time left says nothing about a dependency that it gave no chance. */
function hadItsTime({ elapsedMs, usualMs }: AttemptFacts): boolean {
  return elapsedMs > 0 && elapsedMs >= (usualMs ?? 0)
}
