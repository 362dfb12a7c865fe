import { constants } from 'node:buffer'
import type { Duplex } from 'node:stream'
import zlib from 'node:zlib'
import { type HoldfastError, ProtocolError, ResponseTooLargeError } from '../../foundation/errors/index.js'
import { Inflate, isWrapped } from './inflate.js'

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

const inflate: Decoder = { sync: zlib.inflateSync, async: zlib.inflate, stream: () => new Inflate() }
const inflateRaw: Decoder = { ...inflate, sync: zlib.inflateRawSync, async: zlib.inflateRaw }
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
 * The codings of a `content-encoding` header in the order in which they are undone. None where one of them is unknown:
 * servers write character sets and storage formats there, and the bytes are then handed on as they are.
 *
 * @throws {ProtocolError} `PROTOCOL_ERROR` for more than three.
 */
export function parseCodings(header: string | readonly string[] | undefined): readonly Coding[] {
  const names = codingNames(header)
  if (!names.every((name) => Object.hasOwn(decoders, name))) return []
  if (names.length > maxCodings) {
    const message = `the body is encoded ${names.length} times over, at most ${maxCodings} are accepted`
    throw new ProtocolError(message, { phase: 'reading' })
  }
  return names.reverse() as Coding[]
}

/** Whether a body with this `content-encoding` header is decoded. */
export function isDecoded(header: string | readonly string[] | undefined): boolean {
  const names = codingNames(header)
  return names.length > 0 && names.every((name) => Object.hasOwn(decoders, name))
}

function codingNames(header: string | readonly string[] | undefined): string[] {
  if (header === undefined) return []
  return String(header)
    .split(',')
    .map((name) => name.trim().toLowerCase().replace(/^x-/, ''))
    .filter((name) => name !== '' && name !== 'identity')
}

/** Some servers send `deflate` without the zlib wrapper that it should have. */
function decoderOf(coding: Coding, beginning: Buffer): Decoder {
  const decoder = decoders[coding] as Decoder
  return decoder !== inflate || beginning.length < 2 || isWrapped(beginning) ? decoder : inflateRaw
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

/** Streams that undo `codings` one after the other. */
export function createDecoders(codings: readonly Coding[]): Duplex[] {
  return codings.map((coding) => (decoders[coding] as Decoder).stream())
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
