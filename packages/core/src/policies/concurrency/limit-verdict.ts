import { type HttpError, isHoldfastError, outcomeOfCode } from '../../foundation/errors/index.js'

/**
 * What the outcome of a call says about how much a dependency can bear: `overload` that it was asked for more,
 * `neutral` nothing.
 */
export type LimitVerdict = 'success' | 'overload' | 'neutral'

/** The verdict on an error of an adaptive limit that was given no `classify`. */
export function judgeLoad(error: unknown): LimitVerdict {
  if (!isHoldfastError(error)) return 'neutral'
  if (error.code === 'HTTP_STATUS') return judgeStatus(error as HttpError)
  if (isHoldfastError(error, 'CONNECT_FAILED') && error.reason === 'unreachable') return 'neutral'
  return outcomeOfCode(error.code).attempt.limiter
}

/** A server that fails is not thereby overloaded; one that asks to be left alone is. */
function judgeStatus({ status, retryAfterMs }: HttpError): LimitVerdict {
  if (status === 429 || (status === 503 && retryAfterMs !== undefined)) return 'overload'
  return status < 500 ? 'success' : 'neutral'
}
