import type { HttpResponse } from '../../http/message/index.js'
import type { Call } from '../operation/call.js'
import type { Answer } from './answer.js'
import type { ReadContext } from './read-context.js'

/** The data of an answer for one call: nothing of it is shared with another. */
export function giveAnswer({ decode, responseKind }: ReadContext, call: Call, answer: Answer): unknown {
  const { status, headers } = answer.received
  const data = answer.data((received) => decode(responseKind === 'bytes' ? withOwnBody(received) : received))
  const give = (value: unknown): unknown => {
    call.status = status
    call.responseHeaders = { ...headers }
    return value
  }
  return data instanceof Promise ? data.then(give) : give(data)
}

function withOwnBody(received: HttpResponse): HttpResponse {
  const { body } = received
  return Buffer.isBuffer(body) ? { ...received, body: Buffer.from(body) } : received
}
