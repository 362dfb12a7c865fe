import { STATUS_CODES } from 'node:http'
import type { ReadableStream } from 'node:stream/web'
import { ProtocolError, type ResponseHeaders } from '../../errors/index.js'
import type { TransportResponse } from '../../transport/index.js'
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
  const init: ResponseInit = {
    status,
    statusText: STATUS_CODES[status] ?? '',
    headers: responseHeaders(headers, hasBody),
  }
  const content = hasBody ? body : null
  try {
    return construct(content, init, from)
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    return construct(content, { ...init, headers: latin1Headers(headers, hasBody) }, from)
  }
}

function construct(
  content: Buffer | ReadableStream | null,
  init: ResponseInit,
  from: Provenance & { readonly method: string },
): Response {
  const response = Buffer.isBuffer(content)
    ? new BufferedResponse(content, init, from)
    : new FetchedResponse(content, init, from)
  return response as object as Response
}

/** Headers that describe the body before it was decoded. */
const ofEncodedBody = (name: string): boolean => name === 'content-encoding' || name === 'content-length'

function responseHeaders(headers: ResponseHeaders, hasBody: boolean): Record<string, string> | Headers {
  const isDecoded = hasBody && headers['content-encoding'] !== undefined
  let isPlain = !isDecoded
  for (const name in headers) if (typeof headers[name] !== 'string') isPlain = false
  return isPlain ? (headers as Record<string, string>) : appended(headers, isDecoded, (value) => value)
}

/** Bytes above 127 come to us decoded as UTF-8; `fetch` gives them byte by byte. */
function latin1Headers(headers: ResponseHeaders, hasBody: boolean): Headers {
  const isDecoded = hasBody && headers['content-encoding'] !== undefined
  return appended(headers, isDecoded, (value) => Buffer.from(value, 'utf8').toString('latin1'))
}

function appended(headers: ResponseHeaders, isDecoded: boolean, read: (value: string) => string): Headers {
  const list = new Headers()
  for (const [name, value] of Object.entries(headers)) {
    if (isDecoded && ofEncodedBody(name)) continue
    for (const one of Array.isArray(value) ? value : [value]) list.append(name, read(one))
  }
  return list
}
