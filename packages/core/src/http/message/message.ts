import type { Readable } from 'node:stream'
import type { ResponseHeaders } from '../../foundation/errors/index.js'

/** Makes the body of one attempt: a fresh stream for each, or a one-shot stream itself, once. */
export type BodySource = () => Readable

/** One HTTP request, as it goes over the wire. */
export interface HttpRequest {
  /** Scheme, host and port: `http://orders:3000`. */
  readonly origin: string
  /** The path with its query, beginning with a slash. */
  readonly path: string
  readonly method: string
  /** Lower-case names. Nothing is added but what HTTP itself needs. */
  readonly headers: Record<string, string>
  /** A source is asked for a stream by every attempt. */
  readonly body: string | Uint8Array | BodySource | undefined
}

/** One HTTP response, its content encoding undone. */
export interface HttpResponse {
  readonly status: number
  /** The reason phrase; `undefined` from a dispatcher that has none. */
  readonly statusText?: string | undefined
  /** As they came: lower-case names, `content-encoding` and `content-length` of the body before decompression. */
  readonly headers: ResponseHeaders
  /** The decompressed bytes (none is an empty buffer), the stream of them, or nothing where they were dropped. */
  readonly body: Buffer | Readable | undefined
}

/** What of a response comes before its body. */
export type ResponseHead = Pick<HttpResponse, 'status' | 'statusText' | 'headers'>

/** A response whose whole body is there. */
export interface CollectedResponse extends HttpResponse {
  readonly body: Buffer | undefined
}
