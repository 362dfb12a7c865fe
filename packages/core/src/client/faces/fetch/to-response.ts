import { STATUS_CODES } from 'node:http'
import type { ReadableStream } from 'node:stream/web'
import { ProtocolError, type ResponseHeaders } from '../../../foundation/errors/index.js'
import type { ResponseHead } from '../../../http/message/index.js'
import { isDecoded } from '../../../http/transport/index.js'
import { BufferedResponse, FetchedResponse, type Provenance } from './fetched-response.js'

const emptyStatuses: ReadonlySet<number> = new Set([204, 205, 304])

/** Whether a `Response` of this status can have no body. */
export function hasNoContent(status: number): boolean {
  return emptyStatuses.has(status)
}

/** Whom a response comes from, and what it answers. */
type FetchedFrom = Omit<Provenance, 'statusText'> & { readonly method: string }

/**
 * A `Response` of what the transport received.
 *
 * @throws {ProtocolError} `PROTOCOL_ERROR` for a status that a `Response` cannot have.
 */
export function toResponse(
  { status, statusText = STATUS_CODES[status] ?? '', headers }: ResponseHead,
  body: Buffer | ReadableStream | undefined,
  from: FetchedFrom,
): Response {
  if (status < 200 || status > 599) {
    throw new ProtocolError(`the status ${status} has no meaning`, { phase: 'reading' })
  }
  const hasBody = body !== undefined && !hasNoContent(status) && from.method !== 'HEAD'
  const content = hasBody ? body : null
  try {
    const init = { status, headers: responseHeaders(headers, hasBody) }
    const provenance = { ...from, statusText }
    const response = Buffer.isBuffer(content)
      ? new BufferedResponse(content, init, provenance)
      : new FetchedResponse(content, init, provenance)
    return response as object as Response
  } catch (error) {
    // A dispatcher of the user's may make headers up that HTTP does not have.
    throw new ProtocolError(`the headers make no Response: ${String(error)}`, {
      phase: 'reading',
      cause: error,
    })
  }
}

/** Headers that describe the body before it was decoded. */
const ofEncodedBody = (name: string): boolean => name === 'content-encoding' || name === 'content-length'

function responseHeaders(headers: ResponseHeaders, hasBody: boolean): Record<string, string> | Headers {
  const wasEncoded = hasBody && isDecoded(headers['content-encoding'])
  let isPlain = !wasEncoded
  for (const name in headers) if (typeof headers[name] !== 'string') isPlain = false
  if (isPlain) return headers as Record<string, string>
  const list = new Headers()
  for (const [name, value] of Object.entries(headers)) {
    if (wasEncoded && ofEncodedBody(name)) continue
    for (const one of Array.isArray(value) ? value : [value]) list.append(name, one)
  }
  return list
}
