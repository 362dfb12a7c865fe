import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { constants, crc32, deflateRawSync, gzipSync } from 'node:zlib'
import { OptionCheck } from '../../foundation/config/index.js'
import { answer } from './answer.js'
import type { Exchange, Fault } from './fault.js'

const blockBytes = 65_536
const mebibyte = 1_048_576

/** Options of `oversize`. */
export interface OversizeOptions {
  /** Length of the body. @default Infinity */
  readonly bytes?: number | undefined
  /** Announces the length in a `content-length`, which an endless body cannot have. @default false */
  readonly announced?: boolean | undefined
}

/**
 * Answers 200 with a body larger than anybody wants, as fast as the client takes it.
 *
 * @throws {ConfigInvalidError} `CONFIG_INVALID` naming each wrong option.
 * @example
 * ```ts
 * import { faultServer, oversize } from '@holdfast/core/testing'
 *
 * await using server = await faultServer({
 *   routes: { 'GET /endless': oversize(), 'GET /large': oversize({ bytes: 50_000_000, announced: true }) },
 * })
 * ```
 */
export function oversize(options: OversizeOptions = {}): Fault {
  const check = new OptionCheck('oversize()')
  check.object('', options, ['bytes', 'announced'])
  const { bytes = Number.POSITIVE_INFINITY, announced = false } = options ?? {}
  if (bytes !== Number.POSITIVE_INFINITY) check.number('bytes', bytes, { min: 1, integer: true })
  else if (announced === true)
    check.add('announced', 'needs bytes: an endless body has no length to announce')
  check.boolean('announced', announced)
  check.done()
  const length = announced ? { 'content-length': String(bytes) } : {}
  return {
    kind: 'oversize',
    apply: (exchange) => stream(exchange, { 'content-type': 'application/json', ...length }, blocks(bytes)),
  }
}

/**
 * Answers 200 with a small gzip body that decompresses to `bytes` zeros.
 *
 * @param bytes Length after decompression. @default 200 MiB
 * @throws {ConfigInvalidError} `CONFIG_INVALID` unless `bytes` is a number of at least 1 MiB.
 * @example
 * ```ts
 * import { faultServer, gzipBomb } from '@holdfast/core/testing'
 *
 * await using server = await faultServer({ routes: { 'GET /orders': gzipBomb(200_000_000) } })
 * ```
 */
export function gzipBomb(bytes: number = 200 * mebibyte): Fault {
  const check = new OptionCheck('gzipBomb()')
  check.number('bytes', bytes, { min: mebibyte })
  check.done()
  const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' }
  return { kind: 'gzip bomb', apply: (exchange) => stream(exchange, headers, gzipOfZeros(bytes)) }
}

const valid = gzipSync(JSON.stringify({ id: '42', filler: 'x'.repeat(1_000) }))
const nested = Array.from({ length: 10 }).reduce<Buffer>(
  (bytes) => gzipSync(bytes),
  Buffer.from('{"id":"42"}'),
)

const brokenEncodings = {
  'truncated-gzip': { coding: 'gzip', body: valid.subarray(0, Math.floor(valid.length / 2)) },
  'corrupt-gzip': { coding: 'gzip', body: Buffer.concat([valid.subarray(0, -8), Buffer.alloc(8)]) },
  'not-gzip': { coding: 'gzip', body: Buffer.from('{"id":"42"}') },
  'unknown-coding': { coding: 'x-unknown', body: Buffer.from('{"id":"42"}') },
  'long-chain': { coding: Array.from({ length: 10 }, () => 'gzip').join(', '), body: nested },
} as const

/** A `content-encoding` that the body does not have, or that nobody should have to undo. */
export type BrokenEncoding = keyof typeof brokenEncodings

/**
 * Answers 200 with a body that cannot be decompressed: cut short (the length is right), with a wrong checksum,
 * labelled gzip although it is not, in an unknown coding, or in ten codings one over the other.
 *
 * @throws {ConfigInvalidError} `CONFIG_INVALID` for an unknown name.
 * @example
 * ```ts
 * import { brokenEncoding, faultServer } from '@holdfast/core/testing'
 *
 * await using server = await faultServer({ routes: { 'GET /orders': brokenEncoding('truncated-gzip') } })
 * ```
 */
export function brokenEncoding(encoding: BrokenEncoding): Fault {
  const check = new OptionCheck('brokenEncoding()')
  check.oneOf('', encoding ?? null, Object.keys(brokenEncodings))
  check.done()
  const { coding, body } = brokenEncodings[encoding]
  const headers = { 'content-type': 'application/json', 'content-encoding': coding }
  return { ...answer(200, { body, headers }), kind: `broken encoding ${encoding}` }
}

/**
 * Answers 200 with a web page, as a proxy or a login page in front of the service would.
 *
 * @example
 * ```ts
 * import { faultServer, webPage } from '@holdfast/core/testing'
 *
 * await using server = await faultServer({ routes: { 'GET /orders': webPage() } })
 * ```
 */
export function webPage(status = 200): Fault {
  const body = '<!doctype html><title>Sign in</title><h1>Please sign in</h1>'
  return {
    ...answer(status, { body, headers: { 'content-type': 'text/html; charset=utf-8' } }),
    kind: 'web page',
  }
}

/** Options of `redirect`. */
export interface RedirectOptions {
  /** The `Location`: a path, or the URL of another origin. @default the request's own path, which makes a loop */
  readonly to?: string | undefined
  /** @default 302 */
  readonly status?: 301 | 302 | 303 | 307 | 308 | undefined
}

/**
 * Redirects: without `to` in a loop.
 *
 * @throws {ConfigInvalidError} `CONFIG_INVALID` naming each wrong option.
 * @example
 * ```ts
 * import { faultServer, redirect } from '@holdfast/core/testing'
 *
 * await using other = await faultServer()
 * await using server = await faultServer({
 *   routes: { 'GET /loop': redirect(), 'GET /away': redirect({ to: `${other.url}/elsewhere` }) },
 * })
 * ```
 */
export function redirect(options: RedirectOptions = {}): Fault {
  const check = new OptionCheck('redirect()')
  check.object('', options, ['to', 'status'])
  const { to, status = 302 } = options ?? {}
  if (to !== undefined && typeof to !== 'string') check.add('to', 'must be a path or a URL')
  check.oneOf('status', status, [301, 302, 303, 307, 308])
  check.done()
  return {
    kind: 'redirect',
    apply: (exchange, next) => {
      const location = to ?? exchange.request.url ?? '/'
      return answer(status, { body: '', headers: { location } }).apply(exchange, next)
    },
  }
}

async function stream(
  exchange: Exchange,
  headers: Record<string, string>,
  body: Iterable<Buffer>,
): Promise<void> {
  if (exchange.gone) return
  exchange.response.writeHead(200, headers)
  // A client that stops reading is what these are for, so a broken pipe is no failure.
  await pipeline(Readable.from(body, { objectMode: false }), exchange.response).catch(() => {})
}

function* blocks(bytes: number): Generator<Buffer> {
  const block = Buffer.alloc(blockBytes, 'x')
  let left = bytes
  while (left > 0) {
    yield left < blockBytes ? block.subarray(0, left) : block
    left -= blockBytes
  }
}

/** One gzip member out of the same compressed mebibyte over and over, so that the bomb costs its maker nothing. */
function* gzipOfZeros(bytes: number): Generator<Buffer> {
  const zeros = Buffer.alloc(mebibyte)
  const count = Math.ceil(bytes / mebibyte)
  const block = deflateRawSync(zeros, { finishFlush: constants.Z_FULL_FLUSH })
  yield Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3])
  let checksum = 0
  for (let index = 0; index < count; index++) {
    checksum = crc32(zeros, checksum)
    yield block
  }
  const trailer = Buffer.alloc(10)
  // An empty last block, then the checksum and the length.
  trailer.writeUInt16LE(0x0003, 0)
  trailer.writeUInt32LE(checksum, 2)
  trailer.writeUInt32LE((count * mebibyte) % 2 ** 32, 6)
  yield trailer
}
