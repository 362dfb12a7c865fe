import { isHoldfastError } from '../../foundation/errors/index.js'

/**
 * The outcome that a failed call is counted under: the code of its error, `HTTP_4XX` or `HTTP_5XX` for an error status,
 * and `error` for what is no error of Holdfast.
 */
export function outcomeOf(error: unknown): string {
  if (!isHoldfastError(error)) return 'error'
  if (error.code !== 'HTTP_STATUS') return error.code
  return outcomeOfStatus((error as { readonly status?: number }).status ?? 0)
}

/** The outcome that an error status is counted under. */
export function outcomeOfStatus(status: number): string {
  return status >= 500 ? 'HTTP_5XX' : 'HTTP_4XX'
}
