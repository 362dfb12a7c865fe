import {
  type HoldfastError,
  HttpError,
  type Phase,
  type ResponseHeaders,
} from '../../../foundation/errors/index.js'
import { mapTransportError } from '../../../http/transport/index.js'

/** What the messages name. */
interface RequestNames {
  readonly operation: string
  readonly origin: string
}

/** What an error that came up through the dispatcher means; one that an interceptor made of an answer is an `HttpError`. */
export function attemptError(error: Error, phase: Phase, { operation, origin }: RequestNames): HoldfastError {
  const { statusCode: status, headers = {}, body } = error as Error & Record<string, unknown>
  if (typeof status === 'number' && status >= 400) {
    const answer = { status, headers: headers as ResponseHeaders, body, declared: false }
    return new HttpError(`${operation} ${origin}: ${error.message}`, answer, { cause: error })
  }
  return mapTransportError(error, phase, {
    method: operation,
    origin,
    maxResponseBytes: Number.POSITIVE_INFINITY,
  })
}
