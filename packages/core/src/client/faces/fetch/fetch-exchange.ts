import type { HttpResponse } from '../../../http/message/index.js'
import type { Transport, TransportRequest } from '../../../http/transport/index.js'
import type { Execution } from '../../../policies/index.js'
import type { AttemptExchange } from '../../attempt/attempt-guards.js'
import { ErrorAnswer, isFailure } from '../../call/error-answer.js'
import { sendAttempt } from '../../call/traced-send.js'
import type { Send } from '../../slots/chaos/chaotic-send.js'
import type { FetchCall } from './fetch-call.js'
import { isRedirect } from './redirect.js'
import { hasNoContent } from './to-response.js'

/** Bodies that say they are no longer than this are received before the call settles, so that a retry covers them too. */
const bufferedBytes = 64 * 1024

/** What an `ErrorAnswer` shows of its body. */
const shownBytes = 64 * 1024

interface ExchangeOptions {
  readonly maxResponseBytes: number
  readonly idleTimeoutMs: number
  readonly send: Send
}

/** One attempt of a `fetch`: the request as it stands in the call, and what its answer means. */
export function fetchExchange(
  transport: Transport,
  { maxResponseBytes, idleTimeoutMs, send }: ExchangeOptions,
): AttemptExchange<HttpResponse, FetchCall> {
  return {
    send(execution) {
      const call = execution.data
      const { origin, path, method, body } = call.request
      const headers = call.headersOf(execution)
      const dispatcher = transport.dispatcherFor(origin)
      call.attempts++
      const mode: TransportRequest['mode'] = method === 'HEAD' ? 'buffer' : 'stream'
      return sendAttempt(
        send,
        call,
        dispatcher,
        { origin, path, method, headers, body, mode, maxResponseBytes, idleTimeoutMs, streamWhen },
        execution,
      )
    },
    read(execution, received) {
      if (isFailure(received)) throw failureOf(execution, received)
      return received
    },
  }
}

function streamWhen(status: number, headers: HttpResponse['headers']): boolean {
  if (isFailure({ status, headers })) return false
  if (isRedirect({ status, headers }) || hasNoContent(status)) return false
  const length = headers['content-length']
  return length === undefined || Number(length) > bufferedBytes
}

function failureOf(execution: Execution<FetchCall>, received: HttpResponse): ErrorAnswer<HttpResponse> {
  const { method, origin } = execution.data.request
  const text = Buffer.isBuffer(received.body) ? received.body.toString('utf8', 0, shownBytes) : ''
  return new ErrorAnswer(`${method} ${origin}`, received, text)
}
