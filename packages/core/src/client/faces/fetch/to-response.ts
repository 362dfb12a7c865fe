import { STATUS_CODES } from 'node:http'
import type { ReadableStream } from 'node:stream/web'
import { ProtocolError, type ResponseHeaders } from '../../../foundation/errors/index.js'
import type { TransportResponse } from '../../../http/transport/index.js'
import { BufferedResponse, FetchedResponse, type Provenance } from './fetched-response.js'

const bodiless: ReadonlySet<number> = new Set([204, 205, 304])

/**
 * A `Response` of what the transport received.
 *
 * @throws {ProtocolError} `PROTOCOL_ERROR` for a status that a `Response` cannot have.
 */
export function toResponse(
  { status, headers }: Pick<TransportResponse, 'status' | 'headers'>,
  body: Buffer | ReadableStream | undefined,
  from: Provenance & { readonly method: string },
): Response {
  if (status < 200 || status > 599) {
    throw new ProtocolError(`the status ${status} has no meaning`, { phase: 'reading' })
  }
  const hasBody = body !== undefined && !bodiless.has(status) && from.method !== 'HEAD'
  const content = hasBody ? body : null
  try {
    const init = {
      status,
      statusText: STATUS_CODES[status] ?? '',
      headers: responseHeaders(headers, hasBody),
    }
    const response = Buffer.isBuffer(content)
      ? new BufferedResponse(content, init, from)
      : new FetchedResponse(content, init, from)
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
  const isDecoded = hasBody && headers['content-encoding'] !== undefined
  let isPlain = !isDecoded
  for (const name in headers) if (typeof headers[name] !== 'string') isPlain = false
  if (isPlain) return headers as Record<string, string>
  const list = new Headers()
  for (const [name, value] of Object.entries(headers)) {
    if (isDecoded && ofEncodedBody(name)) continue
    for (const one of Array.isArray(value) ? value : [value]) list.append(name, one)
  }
  return list
}
