import { type ErrorCode, type HttpError, isHoldfastError } from '../../foundation/errors/index.js'

/**
 * What the outcome of a call says about how much a dependency can bear: `overload` that it was asked for more,
 * `neutral` nothing.
 */
export type LimitVerdict = 'success' | 'overload' | 'neutral'

const verdicts: Readonly<Partial<Record<ErrorCode, LimitVerdict>>> = {
  ATTEMPT_TIMEOUT: 'overload',
  BODY_TIMEOUT: 'overload',
  DEADLINE_EXCEEDED: 'overload',
  INVALID_RESPONSE: 'success',
  RESPONSE_TOO_LARGE: 'success',
}

/** The verdict on an error of an adaptive limit that was given no `classify`. */
export function judgeLoad(error: unknown): LimitVerdict {
  if (!isHoldfastError(error)) return 'neutral'
  if (error.code === 'HTTP_STATUS') return judgeStatus(error as HttpError)
  if (error.code === 'CONNECT_FAILED') {
    return (error as { reason?: unknown }).reason === 'unreachable' ? 'neutral' : 'overload'
  }
  return verdicts[error.code] ?? 'neutral'
}

/** A server that fails is not thereby overloaded; one that asks to be left alone is. */
function judgeStatus({ status, retryAfterMs }: HttpError): LimitVerdict {
  if (status === 429 || (status === 503 && retryAfterMs !== undefined)) return 'overload'
  return status < 500 ? 'success' : 'neutral'
}
