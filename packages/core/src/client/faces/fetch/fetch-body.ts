import { Readable } from 'node:stream'
import { ReadableStream } from 'node:stream/web'
import { types } from 'node:util'
import { encodeMultipart, streamedBody } from '../../../contract/index.js'
import type { HttpRequest } from '../../../http/message/index.js'

/** A request body that is ready to be sent. */
export interface FetchBody {
  readonly body: HttpRequest['body']
  /** Whether every attempt can send it. */
  readonly replayable: boolean
  /** The type that it names itself. */
  readonly contentType: string | undefined
  /** Bytes of a streamed body, where they are known. */
  readonly length: number | undefined
}

/** The request has no body. */
export const noBody: FetchBody = Object.freeze({
  body: undefined,
  replayable: true,
  contentType: undefined,
  length: undefined,
})

const plain = (body: string | Uint8Array, contentType: string | undefined): FetchBody => ({
  body,
  replayable: true,
  contentType,
  length: undefined,
})

/** Takes a body of any kind that `fetch` takes; a string says what is wrong with it. */
export function readBody(given: unknown): FetchBody | string {
  if (given === undefined || given === null) return noBody
  if (typeof given === 'string') return plain(given, 'text/plain;charset=UTF-8')
  if (given instanceof URLSearchParams) {
    return plain(given.toString(), 'application/x-www-form-urlencoded;charset=UTF-8')
  }
  if (isForm(given)) return formBody(given)
  const bytes = bytesOf(given)
  if (bytes !== undefined) return plain(bytes, undefined)
  if (typeof given === 'number' || typeof given === 'boolean' || typeof given === 'bigint') {
    return plain(String(given), 'text/plain;charset=UTF-8')
  }
  if (typeof given === 'function') return unknownBody
  const streamed = streamedBody(given)
  if (typeof streamed === 'string')
    return typeof given === 'object' && isStream(given) ? streamed : unknownBody
  const { source, replayable, contentType, length } = streamed
  return { body: source, replayable, contentType, length }
}

const unknownBody =
  'must be a string, URLSearchParams, FormData, a Blob, bytes or a stream; give an object as JSON.stringify(object)'

function isStream(value: object): boolean {
  return value instanceof ReadableStream || Symbol.asyncIterator in value
}

/** A copy, as `fetch` makes one: the caller may use its buffer again before the last attempt is sent. */
function bytesOf(value: unknown): Uint8Array | undefined {
  if (types.isAnyArrayBuffer(value)) return Buffer.from(new Uint8Array(value))
  if (!ArrayBuffer.isView(value)) return undefined
  return Buffer.from(new Uint8Array(value.buffer, value.byteOffset, value.byteLength))
}

function formBody(form: FormData): FetchBody {
  const { body, contentType, replayable, length } = encodeMultipart(form, [])
  return { body, contentType, replayable, length }
}

/** Whether `value` is a form: the undici package has a `FormData` of its own. */
function isForm(value: unknown): value is FormData {
  if (value instanceof FormData) return true
  if (typeof value !== 'object' || value === null || !(Symbol.iterator in value)) return false
  return (value as { [Symbol.toStringTag]?: unknown })[Symbol.toStringTag] === 'FormData'
}

/** Cancels `body` where it is a stream that nobody reads. */
export function cancel(body: unknown, reason: unknown): void {
  if (body instanceof Readable) {
    if (!body.destroyed) body.on('error', ignore).destroy(reason as Error)
  } else if (body instanceof ReadableStream && !body.locked) body.cancel(reason).catch(ignore)
}

function ignore(): void {}

/** Up to here the body of a `Request` is kept, so that it can be sent again. */
const keptBytes = 64 * 1024

/** The body of a `Request`, which is a stream even where it was made from a string: a short one is read first. */
export async function readRequestBody(stream: ReadableStream<Uint8Array>): Promise<FetchBody> {
  const reader = stream.getReader()
  const chunks: Uint8Array[] = []
  let bytes = 0
  while (bytes <= keptBytes) {
    const { done, value } = await reader.read()
    if (done) return plain(Buffer.concat(chunks, bytes), undefined)
    chunks.push(value)
    bytes += value.byteLength
  }
  return readBody(continued(chunks, reader)) as FetchBody
}

async function* continued(
  chunks: readonly Uint8Array[],
  reader: { read(): Promise<{ done: boolean; value?: Uint8Array | undefined }>; cancel(): Promise<void> },
): AsyncGenerator<Uint8Array> {
  let isDone = false
  try {
    yield* chunks
    while (true) {
      const { done, value } = await reader.read()
      if (done || value === undefined) break
      yield value
    }
    isDone = true
  } finally {
    if (!isDone) await reader.cancel()
  }
}
