import {
  type AttemptOutcome,
  type ErrorCode,
  type HoldfastError,
  HttpError,
  isHoldfastError,
  outcomes,
} from '../../foundation/errors/index.js'

/** What the outcome of one attempt means to each mechanism. */
export interface Verdict extends AttemptOutcome {
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

/** What a status means, and a code of which more is known than its name. */
const verdicts = {
  answered: verdict('no', 'success', 'success', 'measured', { earns: true }),
  tooEarly: verdict('replayable', 'success', 'success', 'measured'),
  throttled: verdict('replayable', 'success', 'overload', 'none', { pauses: true }),
  unavailableFor: verdict('replayable', 'failure', 'overload', 'penalty', { pauses: true }),
  unavailable: verdict('replayable', 'failure', 'neutral', 'penalty'),
  serverError: verdict('optIn', 'failure', 'neutral', 'penalty'),
  notConnected: verdict('always', 'connection', 'neutral', 'penalty'),
  notProcessed: verdict('always', 'failure', 'neutral', 'penalty'),
  local: verdict('no', 'neutral', 'neutral', 'none'),
} as const

/** What a code means by itself: its row of the outcome table. */
const byCode = Object.fromEntries(
  Object.entries(outcomes).map(([code, { attempt }]) => [code, Object.freeze({ ...attempt, pauses: false })]),
) as Readonly<Record<ErrorCode, Verdict>>

/**
 * What an attempt's outcome, an error or a status such as 429, means to retry, breaker, limiter, balancing and
 * budget: the outcome table, and what it leaves to the status, the phase and the time. The policies take its verdict and know nothing of HTTP.
 *
 * @param error `undefined` for a success.
 */
export function classify(error: unknown, facts: AttemptFacts): Verdict {
  if (error === undefined) return verdicts.answered
  if (error instanceof HttpError) return classifyStatus(error.status, error.retryAfterMs !== undefined)
  if (!isHoldfastError(error)) return verdicts.local
  switch (error.code) {
    case 'CONNECT_FAILED':
      if ((error as { reason?: unknown }).reason === 'unreachable') return verdicts.notConnected
      break
    case 'CONNECTION_LOST':
      if ((error as { processed?: unknown }).processed === false) return verdicts.notProcessed
      break
    case 'ATTEMPT_TIMEOUT':
      if (isUploading(error)) return verdicts.local
      break
    case 'DEADLINE_EXCEEDED':
      if (isUploading(error) || !hadItsTime(facts)) return verdicts.local
      break
  }
  return byCode[error.code] ?? verdicts.local
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
