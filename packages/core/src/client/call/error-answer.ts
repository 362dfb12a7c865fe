import { STATUS_CODES } from 'node:http'
import { parseRetryAfter } from '../../contract/index.js'
import { HttpError, type ResponseHeaders } from '../../foundation/errors/index.js'
import { classifyStatus } from '../attempt/classify.js'

/** The answer of one attempt. */
export interface Answer {
  readonly status: number
  readonly headers: ResponseHeaders
}

/**
 * An answer whose status makes it a failure to retry, breaker and budget. To the caller it is an answer like any other:
 * it travels through the policies as an error and is unpacked at their end.
 */
export class ErrorAnswer<Received extends Answer = Answer> extends HttpError<number, string> {
  readonly answer: Received

  constructor(subject: string, answer: Received, text: string) {
    const { status, headers } = answer
    super(`${subject} answered ${status} ${STATUS_CODES[status] ?? ''}`.trimEnd(), {
      status,
      headers,
      body: text,
      declared: false,
      retryAfterMs: parseRetryAfter(headers['retry-after']),
    })
    this.answer = answer
  }
}

/** Whether an answer is one that retry, breaker or budget must hear of. */
export function isFailure({ status, headers }: Answer): boolean {
  return status >= 400 && classifyStatus(status, headers['retry-after'] !== undefined).retry !== 'no'
}
