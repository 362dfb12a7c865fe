import { STATUS_CODES } from 'node:http'
import { parseRetryAfter } from '../../contract/index.js'
import { HttpError } from '../../foundation/errors/index.js'
import type { ResponseHead } from '../../http/message/index.js'
import { classifyStatus } from '../attempt/classify.js'

/**
 * An answer whose status makes it a failure to retry, breaker and budget. To the caller it is an answer like any other:
 * it travels through the policies as an error and is unpacked at their end.
 */
export class ErrorAnswer<Received extends ResponseHead = ResponseHead> extends HttpError<number, string> {
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
export function isFailure({ status, headers }: ResponseHead): boolean {
  return status >= 400 && classifyStatus(status, headers['retry-after'] !== undefined).retry !== 'no'
}
