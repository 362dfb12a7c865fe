import type { Readable } from 'node:stream'
import { ResponseTooLargeError } from '../../foundation/errors/index.js'

const maxBytes = 10 * 1024 * 1024

/**
 * A stream's bytes, for a body that was streamed where it had to be read: transports collect such bodies themselves.
 *
 * @throws {ResponseTooLargeError} `RESPONSE_TOO_LARGE` above 10 MiB
 */
export async function collectBody(stream: Readable): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of stream) {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : (chunk as Uint8Array)
    length += bytes.byteLength
    if (length > maxBytes) throw new ResponseTooLargeError(maxBytes)
    chunks.push(bytes)
  }
  return Buffer.concat(chunks, length)
}
