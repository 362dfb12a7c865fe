import type { HttpRequest, HttpResponse } from '../message/index.js'

/** One request as the transport sends it. */
export interface TransportRequest extends HttpRequest {
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
  readonly streamWhen?: ((status: number, headers: HttpResponse['headers']) => boolean) | undefined
}
