import { isHoldfastError } from '../errors/index.js'

/**
 * The outcome that a failed call is counted under: the code of its error, `HTTP_4XX` or `HTTP_5XX` for an error status,
 * and `error` for what is no error of Holdfast.
 */
export function outcomeOf(error: unknown): string {
  if (!isHoldfastError(error)) return 'error'
  if (error.code !== 'HTTP_STATUS') return error.code
  const { status } = error as { readonly status?: unknown }
  return typeof status === 'number' && status >= 500 ? 'HTTP_5XX' : 'HTTP_4XX'
}
