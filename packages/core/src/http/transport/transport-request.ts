import type { Readable } from 'node:stream'
import type { ResponseHeaders } from '../../foundation/errors/index.js'

/** Makes the body of one attempt. A one-shot stream returns itself, once. */
export type BodySource = () => Readable

/** One HTTP request, as the wire needs it. */
export interface TransportRequest {
  /** Scheme, host and port: `http://orders:3000`. */
  readonly origin: string
  /** The path with its query, beginning with a slash. */
  readonly path: string
  readonly method: string
  /** Lower-case names. Nothing is added but what HTTP itself needs. */
  readonly headers: Record<string, string>
  /** A source is asked for a fresh stream by every `send`. */
  readonly body: string | Uint8Array | BodySource | undefined
  /**
   * `'buffer'` collects the decompressed body, `'stream'` resolves at the headers, `'discard'` reads and drops it,
   * so that the connection can be used again.
   */
  readonly mode: 'buffer' | 'stream' | 'discard'
  /** The largest body accepted, in bytes after decompression; `Infinity` for no limit. */
  readonly maxResponseBytes: number
  /**
   * The same for a body that is buffered although the mode is another.
   * @default maxResponseBytes
   */
  readonly maxBufferedBytes?: number
  /**
   * Whether an error status with a larger body is answered with the beginning of it, because the status says more than
   * the size. Without it the request fails.
   * @default false
   */
  readonly cutsErrorBodies?: boolean
  /**
   * In stream mode: milliseconds without a byte arriving and without the consumer taking one, after which the stream
   * fails with `BODY_TIMEOUT`; 0 or `Infinity` for none.
   */
  readonly idleTimeoutMs: number
  /** In the modes `'stream'` and `'discard'`: answers for which this is `false` are buffered. */
  readonly streamWhen?: ((status: number, headers: ResponseHeaders) => boolean) | undefined
}

/** One HTTP response. */
export interface TransportResponse {
  readonly status: number
  /** The reason phrase; `undefined` from a dispatcher that has none. */
  readonly statusText?: string | undefined
  /** As they came: lower-case names, `content-encoding` and `content-length` of the body before decompression. */
  readonly headers: ResponseHeaders
  /** The decompressed bytes (none is an empty buffer), the stream of them, or nothing in the mode `'discard'`. */
  readonly body: Buffer | Readable | undefined
}
