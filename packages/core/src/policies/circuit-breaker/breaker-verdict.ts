import { type ErrorCode, type HttpError, isHoldfastError } from '../../foundation/errors/index.js'
import { isLocalRefusal } from '../kernel/index.js'

/**
 * What a breaker makes of a settled call: `connection` is a failure to connect, which counts as a failure and also
 * opens the breaker after a few in a row; `neutral` says nothing about the dependency.
 */
export type BreakerVerdict = 'success' | 'failure' | 'connection' | 'neutral'

const verdicts: Readonly<Partial<Record<ErrorCode, BreakerVerdict>>> = {
  CONNECT_FAILED: 'connection',
  DNS_FAILED: 'connection',
  TLS_FAILED: 'connection',
  ABORTED: 'neutral',
  LOCAL_RESOURCE: 'neutral',
  CONFIG_INVALID: 'neutral',
  INVALID_INPUT: 'neutral',
  INVALID_RESPONSE: 'neutral',
  RESPONSE_TOO_LARGE: 'neutral',
}

/** The verdict on an error of a breaker that was given no `classify`. */
export function judgeError(error: unknown): BreakerVerdict {
  if (isHoldfastError(error)) {
    if (isLocalRefusal(error)) return 'neutral'
    // A dependency that answers 404 is well.
    if (error.code === 'HTTP_STATUS') return (error as HttpError).status < 500 ? 'success' : 'failure'
    return verdicts[error.code] ?? 'failure'
  }
  return (error as { name?: unknown } | null | undefined)?.name === 'AbortError' ? 'neutral' : 'failure'
}
