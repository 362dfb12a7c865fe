import { type ErrorCode, isHoldfastError } from '../../foundation/errors/index.js'

/** The failures of which a stale answer is better: the dependency could not be asked, or did not answer. */
const unanswered: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'ATTEMPT_TIMEOUT',
  'BODY_TIMEOUT',
  'CIRCUIT_OPEN',
  'CONCURRENCY_LIMIT',
  'CONNECTION_LOST',
  'CONNECT_FAILED',
  'DEADLINE_EXCEEDED',
  'DNS_FAILED',
  'NO_ENDPOINTS',
  'PROTOCOL_ERROR',
  'RATE_LIMITED',
  'TLS_FAILED',
])

/** Whether a stale response may stand in for an answer that failed with `error`. */
export function standsInFor(error: unknown): boolean {
  if (isHoldfastError(error, 'HTTP_STATUS')) return error.status >= 500
  return isHoldfastError(error) && unanswered.has(error.code)
}
