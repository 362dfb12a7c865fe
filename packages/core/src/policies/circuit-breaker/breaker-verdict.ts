import { type HttpError, isHoldfastError, outcomeOfCode } from '../../foundation/errors/index.js'

/**
 * What a breaker makes of a settled call: `connection` is a failure to connect, which counts as a failure and also
 * opens the breaker after a few in a row; `neutral` says nothing about the dependency.
 */
export type BreakerVerdict = 'success' | 'failure' | 'connection' | 'neutral'

/** The verdict on an error of a breaker that was given no `classify`. */
export function judgeError(error: unknown): BreakerVerdict {
  if (isHoldfastError(error)) {
    // A dependency that answers 404 is well.
    if (error.code === 'HTTP_STATUS') return (error as HttpError).status < 500 ? 'success' : 'failure'
    return outcomeOfCode(error.code).attempt.breaker
  }
  return (error as { name?: unknown } | null | undefined)?.name === 'AbortError' ? 'neutral' : 'failure'
}
