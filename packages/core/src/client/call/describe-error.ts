import { isHoldfastError } from '../../foundation/errors/index.js'

/** What an error says of its call. */
interface DescribedCall {
  readonly operation: string
  readonly startedAt: number
  readonly attempts: number
}

/**
 * Says in an error which call it ended. A fallback, the source of a body or a dispatcher may fail with the error of
 * another call, which tells of that one: it has a name of its own, or has been described.
 *
 * @param dependency - empty where nobody knows it
 */
export function describeError(error: unknown, call: DescribedCall, dependency: string): unknown {
  if (!isHoldfastError(error) || error.elapsedMs > 0) return error
  const { operation, startedAt, attempts } = call
  if ((error.dependency ?? dependency) !== dependency || (error.operation ?? operation) !== operation)
    return error
  if (dependency !== '') error.dependency = dependency
  error.operation = operation
  error.attempts = attempts
  error.elapsedMs = performance.now() - startedAt
  return error
}
