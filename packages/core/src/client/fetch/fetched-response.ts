import { STATUS_CODES } from 'node:http'
import type { ReadableStream } from 'node:stream/web'
import { ProtocolError, type ResponseHeaders } from '../../errors/index.js'
import type { TransportResponse } from '../../transport/index.js'

/** What a `Response` that was not made by hand knows besides. */
export interface Provenance {
  readonly method: string
  readonly url: URL
  readonly redirected: boolean
}

type ResponseBody = ConstructorParameters<typeof Response>[0]

/** The types declare the properties of a `Response` as its own, which they are not: they are its prototype's. */
const GlobalResponse = Response as unknown as new (body: ResponseBody, init: ResponseInit) => object

/** The global `Response`, with the properties that only `fetch` itself can set. */
class FetchedResponse extends GlobalResponse {
  readonly #from: Provenance

  constructor(body: ResponseBody, init: ResponseInit, from: Provenance) {
    super(body, init)
    this.#from = from
  }

  get url(): string {
    return withoutHash(this.#from.url)
  }

  get redirected(): boolean {
    return this.#from.redirected
  }

  get type(): string {
    return 'basic'
  }

  clone(): Response {
    const { url, redirected, type } = this
    const copy: Response = Response.prototype.clone.call(this)
    return Object.defineProperties(copy, {
      url: { value: url },
      redirected: { value: redirected },
      type: { value: type },
    })
  }
}

// Who prints a response should not have to know.
Object.defineProperty(FetchedResponse, 'name', { value: 'Response' })

function withoutHash(url: URL): string {
  return url.hash === '' ? url.href : url.href.slice(0, -url.hash.length)
}

const bodiless: ReadonlySet<number> = new Set([204, 205, 304])

/**
 * A `Response` of what the transport received.
 *
 * @throws {ProtocolError} `PROTOCOL_ERROR` for a status that a `Response` cannot have.
 */
export function toResponse(
  { status, headers }: Pick<TransportResponse, 'status' | 'headers'>,
  body: Uint8Array | ReadableStream | undefined,
  from: Provenance,
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
  const content = (hasBody ? body : null) as ResponseBody
  try {
    return new FetchedResponse(content, init, from) as object as Response
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    const latin1 = { ...init, headers: latin1Headers(headers, hasBody) }
    return new FetchedResponse(content, latin1, from) as object as Response
  }
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
