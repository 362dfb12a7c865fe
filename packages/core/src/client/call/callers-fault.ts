import { isHoldfastError, outcomeOfCode } from '../../foundation/errors/index.js'

/** Whether a failure is none of the dependency's, so that no fallback should hide it. */
export function isCallersFault(error: unknown): boolean {
  return !isHoldfastError(error) || !outcomeOfCode(error.code).call.fallback
}
