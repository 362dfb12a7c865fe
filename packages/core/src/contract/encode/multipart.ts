import { randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import type { Problem } from '../../foundation/errors/index.js'
import type { BodySource } from '../../http/message/index.js'
import { scalarText } from '../describe/scalar-text.js'
import { bytesOf, isBlob, type StreamedBody, streamedBody } from './body-stream.js'
import type { EncodedBody } from './encoded-body.js'

interface Part {
  readonly head: Uint8Array
  readonly content: Uint8Array | StreamedBody
}

const lineEnd = Buffer.from('\r\n')

/** The fields of a form, in the order in which they are sent. */
export type FormFields = Iterable<readonly [name: string, value: unknown]>

/**
 * A `multipart/form-data` body. Text, numbers, booleans and dates are fields; bytes, Blobs, Files and streams are
 * files; a list repeats its name; `undefined` and `null` are left out. Bytes and text make one buffer, which is sent
 * with its length; anything else is streamed.
 */
export function encodeMultipart(fields: FormFields, problems: Problem[]): EncodedBody {
  const boundary = `holdfast-${randomUUID()}`
  const parts: Part[] = []
  const add = (name: string, field: string, value: unknown): void => {
    const part = encodePart(boundary, name, value)
    if (typeof part === 'string') problems.push({ path: field, message: part })
    else parts.push(part)
  }
  for (const [name, value] of fields) {
    if (value === undefined || value === null) continue
    if (Array.isArray(value)) {
      for (const [index, one] of value.entries()) add(name, `${name}.${index}`, one)
    } else add(name, name, value)
  }
  return assemble(parts, boundary)
}

function encodePart(boundary: string, name: string, value: unknown): Part | string {
  const start = `--${boundary}\r\ncontent-disposition: form-data; name="${escapeName(name)}"`
  const text = scalarText(value)
  if (text !== undefined) return { head: Buffer.from(`${start}\r\n\r\n`), content: Buffer.from(text) }
  const bytes = bytesOf(value)
  // A copy, because the form may be streamed, and again: its owner may use the buffer for something else meanwhile.
  const content = bytes === undefined ? streamedBody(value) : Buffer.from(bytes)
  if (typeof content === 'string') {
    return 'is sent in a form: it must be text, a finite number, a bigint, a boolean, a valid Date, bytes, a Blob, a File, a stream or a list of those'
  }
  const type = content instanceof Uint8Array ? undefined : content.contentType
  const filename = isBlob(value) && 'name' in value ? String(value.name) : 'blob'
  const file = `; filename="${escapeName(filename)}"\r\ncontent-type: ${headerSafe(type)}\r\n\r\n`
  return { head: Buffer.from(start + file), content }
}

/** As browsers do it: what could end the quoted name, or the header, is percent-encoded. */
function escapeName(name: string): string {
  return name.replace(/["\r\n]/g, (character) =>
    character === '"' ? '%22' : character === '\r' ? '%0D' : '%0A',
  )
}

function headerSafe(type: string | undefined): string {
  return type !== undefined && /^[\t\x20-\x7e]+$/.test(type) ? type : 'application/octet-stream'
}

function assemble(parts: readonly Part[], boundary: string): EncodedBody {
  const contentType = `multipart/form-data; boundary=${boundary}`
  const end = Buffer.from(`--${boundary}--\r\n`)
  const chunks: Uint8Array[] = []
  let length: number | undefined = end.byteLength
  let replayable = true
  for (const { head, content } of parts) {
    if (content instanceof Uint8Array) {
      chunks.push(head, content, lineEnd)
      if (length !== undefined) length += head.byteLength + content.byteLength + 2
    } else {
      replayable &&= content.replayable
      length =
        length === undefined || content.length === undefined
          ? undefined
          : length + head.byteLength + content.length + 2
    }
  }
  if (chunks.length === parts.length * 3)
    return { body: Buffer.concat([...chunks, end]), contentType, replayable: true }
  const body: BodySource = () => Readable.from(write(parts, end), { objectMode: false })
  return { body, contentType, replayable, length }
}

async function* write(parts: readonly Part[], end: Uint8Array): AsyncGenerator<Uint8Array | string> {
  for (const { head, content } of parts) {
    yield head
    if (!(content instanceof Uint8Array)) yield* content.source()
    else if (content.byteLength > 0) yield content
    yield lineEnd
  }
  yield end
}
