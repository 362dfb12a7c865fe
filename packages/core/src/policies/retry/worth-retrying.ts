import { type HttpError, isHoldfastError } from '../../foundation/errors/index.js'
import { isLocalRefusal } from '../kernel/index.js'

/** Whether a failure is worth another attempt, for a retry that was given no `when`. */
export function isWorthRetrying(error: unknown): boolean {
  if (isHoldfastError(error)) return error.retryable && !isLocalRefusal(error)
  if (error instanceof TypeError) return error.cause !== undefined
  return (error as { name?: unknown } | null | undefined)?.name !== 'AbortError'
}

/** The wait that the dependency asks for, for a retry that was given no `retryAfterMs`. */
export function askedFor(error: unknown): number | undefined {
  return isHoldfastError(error, 'HTTP_STATUS') ? (error as HttpError).retryAfterMs : undefined
}
