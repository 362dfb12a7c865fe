import { Readable } from 'node:stream'
import { ReadableStream } from 'node:stream/web'
import { types } from 'node:util'
import { isThenable } from '../../foundation/cancellation/index.js'
import type { BodySource } from '../../http/message/index.js'

/** A body, or a part of one, that is read piece by piece. */
export interface StreamedBody {
  readonly source: BodySource
  readonly replayable: boolean
  /** Bytes in all, where known. */
  readonly length: number | undefined
  /** The type that the value names itself. */
  readonly contentType: string | undefined
}

/** What to say about a value that cannot be streamed. */
export const streamRemedy =
  'must be a Readable, a ReadableStream, an async iterable, a Blob, bytes, text, or a function that makes one of those'

/**
 * `value` as a source of readables; a string is what is wrong with it. Functions and values that can be read again make
 * a fresh readable each time, streams give themselves once.
 */
export function streamedBody(value: unknown): StreamedBody | string {
  if (typeof value === 'function') {
    return unsized(() => toReadable((value as () => unknown)()), true)
  }
  if (isBlob(value)) {
    const contentType = value.type === '' ? undefined : value.type
    return { source: () => blobReadable(value), replayable: true, length: value.size, contentType }
  }
  const given = typeof value === 'string' ? value : bytesOf(value)
  if (given !== undefined) {
    // A copy: its owner may use the buffer for something else before the last attempt is sent.
    const bytes = Buffer.from(given as Uint8Array)
    return {
      source: () => bytesReadable(bytes),
      replayable: true,
      length: bytes.byteLength,
      contentType: undefined,
    }
  }
  if (value instanceof Readable) {
    if (value.destroyed || value.readableEnded) return 'is a stream that has been read or destroyed already'
  } else if (value instanceof ReadableStream) {
    if (value.locked) return 'is a stream that somebody else is reading'
  } else if (!isAsyncIterable(value)) return streamRemedy
  return unsized(once(value), false)
}

function unsized(source: BodySource, replayable: boolean): StreamedBody {
  return { source, replayable, length: undefined, contentType: undefined }
}

function once(value: unknown): BodySource {
  let taken = false
  return () => {
    if (taken)
      throw new TypeError('a stream can be sent once: give a function that makes a new one to send it again')
    taken = true
    return toReadable(value)
  }
}

function toReadable(value: unknown): Readable {
  if (value instanceof Readable) return value
  if (isBlob(value)) return blobReadable(value)
  const bytes = typeof value === 'string' ? Buffer.from(value) : bytesOf(value)
  if (bytes !== undefined) return bytesReadable(bytes)
  if (isAsyncIterable(value)) return Readable.from(checked(value), { objectMode: false })
  if (isThenable(value)) return promisedReadable(Promise.resolve(value))
  throw new TypeError(`a function that makes a body ${streamRemedy.replace(/, or a function.*/, '')}`)
}

/** A stream takes `null` for its end, and the upload would be shorter than it should be. */
async function* checked(chunks: AsyncIterable<unknown>): AsyncGenerator<unknown> {
  for await (const chunk of chunks) {
    if (chunk === null || chunk === undefined) throw new TypeError(`a chunk of the request body is ${chunk}`)
    yield chunk
  }
}

function promisedReadable(value: Promise<unknown>): Readable {
  const readable = Readable.from(awaited(value), { objectMode: false })
  // The promise may fail while the request still connects, and may keep its word when the request has ended.
  value.catch(ignore)
  readable.once('close', () => void discard(value))
  return readable
}

async function discard(value: Promise<unknown>): Promise<void> {
  try {
    toReadable(await value)
      .on('error', ignore)
      .destroy()
  } catch {
    // It failed, which its reader knows, or it has been read.
  }
}

async function* awaited(value: Promise<unknown>): AsyncGenerator<unknown> {
  yield* toReadable(await value)
}

function blobReadable(blob: Blob): Readable {
  return Readable.fromWeb(blob.stream() as ReadableStream)
}

function bytesReadable(bytes: Uint8Array): Readable {
  return Readable.from(bytes.byteLength === 0 ? [] : [bytes], { objectMode: false })
}

/** Whether `value` is a Blob or a File, of whatever realm. */
export function isBlob(value: unknown): value is Blob {
  if (value instanceof Blob) return true
  const { [Symbol.toStringTag]: tag, stream, size } = (value ?? {}) as Partial<Blob & Record<symbol, unknown>>
  return (tag === 'Blob' || tag === 'File') && typeof stream === 'function' && typeof size === 'number'
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return (
    typeof (value as Partial<AsyncIterable<unknown>> | null | undefined)?.[Symbol.asyncIterator] ===
    'function'
  )
}

/** The bytes of a buffer or of any view of one; `undefined` for any other value. */
export function bytesOf(value: unknown): Uint8Array | undefined {
  if (value instanceof Uint8Array) return value
  if (types.isAnyArrayBuffer(value)) return new Uint8Array(value)
  return ArrayBuffer.isView(value)
    ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
    : undefined
}

function ignore(): void {}
