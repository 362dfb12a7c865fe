import { constants } from 'node:buffer'
import type { Duplex } from 'node:stream'
import zlib from 'node:zlib'
import { type HoldfastError, ProtocolError, ResponseTooLargeError } from '../../foundation/errors/index.js'

/** A content coding that this Node.js can undo. */
export type Coding = 'gzip' | 'deflate' | 'br' | 'zstd'

interface DecoderOptions {
  readonly maxOutputLength: number
}

type DecodeSync = (body: Buffer, options: DecoderOptions) => Buffer
type Decode = (
  body: Buffer,
  options: DecoderOptions,
  callback: (error: Error | null, decoded: Buffer) => void,
) => void

interface Decoder {
  readonly sync: DecodeSync
  readonly async: Decode
  readonly stream: () => Duplex
}

/** Node.js has zstd from 22.15 on. */
const zstdOf = zlib as {
  readonly zstdDecompressSync?: DecodeSync
  readonly zstdDecompress?: Decode
  readonly createZstdDecompress?: () => Duplex
}

const inflate: Decoder = { sync: zlib.inflateSync, async: zlib.inflate, stream: () => zlib.createInflate() }
const inflateRaw: Decoder = {
  sync: zlib.inflateRawSync,
  async: zlib.inflateRaw,
  stream: () => zlib.createInflateRaw(),
}
const decoders: Partial<Record<Coding, Decoder>> = {
  gzip: { sync: zlib.gunzipSync, async: zlib.gunzip, stream: () => zlib.createGunzip() },
  deflate: inflate,
  br: {
    sync: zlib.brotliDecompressSync,
    async: zlib.brotliDecompress,
    stream: () => zlib.createBrotliDecompress(),
  },
}
const { zstdDecompressSync, zstdDecompress, createZstdDecompress } = zstdOf
if (zstdDecompressSync !== undefined && zstdDecompress !== undefined && createZstdDecompress !== undefined) {
  decoders.zstd = { sync: zstdDecompressSync, async: zstdDecompress, stream: () => createZstdDecompress() }
}

/** The codings that `accept-encoding` can name, the best first. */
export const supportedCodings: readonly Coding[] = Object.freeze(
  (['zstd', 'br', 'gzip', 'deflate'] as const).filter((coding) => decoders[coding] !== undefined),
)

/** More is no compression but an attack. */
const maxCodings = 3

/** Below this, one synchronous call is cheaper than the round trip through the thread pool. */
const syncInputBytes = 16 * 1024
/** How much a synchronous call may produce before the event loop has waited long enough for it. */
const syncOutputBytes = 256 * 1024

/**
 * The codings of a `content-encoding` header in the order in which they are undone.
 *
 * @throws {ProtocolError} `PROTOCOL_ERROR` for an unknown coding and for more than three.
 */
export function parseCodings(header: string | string[] | undefined): readonly Coding[] {
  if (header === undefined) return []
  const names = (Array.isArray(header) ? header.join(',') : header)
    .split(',')
    .map((name) => name.trim().toLowerCase().replace(/^x-/, ''))
    .filter((name) => name !== '' && name !== 'identity')
  if (names.length > maxCodings) {
    throw new ProtocolError(
      `the body is encoded ${names.length} times over, at most ${maxCodings} are accepted`,
      {
        phase: 'reading',
      },
    )
  }
  const unknown = names.find((name) => !Object.hasOwn(decoders, name))
  if (unknown !== undefined) {
    throw new ProtocolError(`the body is in an unknown encoding: ${JSON.stringify(unknown.slice(0, 40))}`, {
      phase: 'reading',
    })
  }
  return names.reverse() as Coding[]
}

/** Some servers send `deflate` without the zlib wrapper that it should have. */
function decoderOf(coding: Coding, beginning: Buffer): Decoder {
  const decoder = decoders[coding] as Decoder
  if (decoder !== inflate || beginning.length < 2) return decoder
  const [first = 0, second = 0] = beginning
  return (first & 0x0f) === 8 && ((first << 8) | second) % 31 === 0 ? inflate : inflateRaw
}

/** What an encoded body may measure before it cannot but be too large when decoded. */
export function maxEncodedBytes(maxBytes: number): number {
  return maxBytes + Math.ceil(maxBytes / 64) + 1024
}

/**
 * Decodes a whole body. Small ones at once, others in the thread pool; never more than `maxBytes` are produced.
 *
 * @throws {ProtocolError} `PROTOCOL_ERROR` when the body is truncated or not in the coding it claims.
 * @throws {ResponseTooLargeError} `RESPONSE_TOO_LARGE` beyond `maxBytes`.
 */
export function decodeBody(
  body: Buffer,
  codings: readonly Coding[],
  maxBytes: number,
): Buffer | Promise<Buffer> {
  const [coding] = codings
  if (coding === undefined || body.length === 0) return body
  if (codings.length > 1 || body.length > syncInputBytes) return decodeChain(body, codings, maxBytes)
  try {
    const decoded = decoderOf(coding, body).sync(body, {
      maxOutputLength: outputLimit(Math.min(maxBytes, syncOutputBytes)),
    })
    if (decoded.length > maxBytes) throw new ResponseTooLargeError(maxBytes)
    return decoded
  } catch (error) {
    if (maxBytes > syncOutputBytes && isTooLarge(error)) return decodeChain(body, codings, maxBytes)
    throw decodingError(error, coding, maxBytes)
  }
}

async function decodeChain(body: Buffer, codings: readonly Coding[], maxBytes: number): Promise<Buffer> {
  let decoded = body
  for (const [index, coding] of codings.entries()) {
    const isLast = index === codings.length - 1
    decoded = await decodeOnce(decoded, coding, isLast ? maxBytes : maxEncodedBytes(maxBytes), maxBytes)
  }
  if (decoded.length > maxBytes) throw new ResponseTooLargeError(maxBytes)
  return decoded
}

function decodeOnce(body: Buffer, coding: Coding, limit: number, maxBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    decoderOf(coding, body).async(body, { maxOutputLength: outputLimit(limit) }, (error, decoded) => {
      if (error === null) resolve(decoded)
      else reject(decodingError(error, coding, maxBytes))
    })
  })
}

/** Streams that undo `codings` one after the other; `beginning` is the first chunk of the body. */
export function createDecoders(codings: readonly Coding[], beginning: Buffer): Duplex[] {
  return codings.map((coding, index) =>
    (index === 0 ? decoderOf(coding, beginning) : (decoders[coding] as Decoder)).stream(),
  )
}

/** What a decoder's error means. */
export function decodingError(error: unknown, coding: Coding, maxBytes: number): HoldfastError {
  if (error instanceof ResponseTooLargeError) return error
  if (isTooLarge(error)) return new ResponseTooLargeError(maxBytes)
  return new ProtocolError(`the body is not valid ${coding}, or was cut off`, {
    phase: 'reading',
    cause: error,
  })
}

function isTooLarge(error: unknown): boolean {
  return (error as { code?: unknown }).code === 'ERR_BUFFER_TOO_LARGE'
}

/** zlib takes 1 to the largest buffer. */
function outputLimit(bytes: number): number {
  return Math.max(1, Math.min(bytes, constants.MAX_LENGTH))
}
