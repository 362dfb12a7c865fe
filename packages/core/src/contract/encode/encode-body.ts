import type { Problem } from '../../foundation/errors/index.js'
import type { BodyKind } from '../describe/operation.js'
import { bytesOf, isBlob, streamedBody, streamRemedy } from './body-stream.js'
import { appendQuery } from './encode-query.js'
import type { EncodedBody } from './encoded-body.js'
import { encodeMultipart, type FormFields } from './multipart.js'

/** `value` as JSON; reports what JSON cannot hold. `field` is the one that it came from; empty for the whole input. */
export function encodeJson(value: unknown, field: string, problems: Problem[]): string {
  try {
    const text: string | undefined = JSON.stringify(value)
    if (text !== undefined) return text
    problems.push({ path: field, message: `cannot be written as JSON: it is ${typeof value}` })
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split('\n', 1)[0] as string) : String(error)
    const message = `cannot be written as JSON (${reason}): send a bigint as a string, and no circular references`
    problems.push({ path: field, message })
  }
  return ''
}

/** `value` as a body that is not JSON. */
export function encodeBody(
  kind: Exclude<BodyKind, 'json'>,
  value: unknown,
  field: string,
  problems: Problem[],
): EncodedBody {
  switch (kind) {
    case 'form':
      return encodeForm(fieldsOf(value, field, problems), problems)
    case 'multipart':
      return encodeMultipart(fieldsOf(value, field, problems), problems)
    case 'text':
      return encodeText(value, field, problems)
    case 'bytes':
      return encodeBytes(value, field, problems)
    case 'stream':
      return encodeStream(value, field, problems, streamRemedy)
  }
}

/** The members of an object; a FormData, URLSearchParams, a Map or a list of pairs says the order too. */
function fieldsOf(value: unknown, field: string, problems: Problem[]): FormFields {
  if (typeof value !== 'object' || value === null) {
    problems.push({ path: field, message: 'must be an object: its members are the fields of the form' })
    return []
  }
  if (!(Symbol.iterator in value)) return Object.entries(value)
  const pairs = [...(value as Iterable<unknown>)]
  if (pairs.every(isPair)) return pairs
  problems.push({ path: field, message: 'must be an object of fields, or a list of pairs of name and value' })
  return []
}

function isPair(value: unknown): value is readonly [string, unknown] {
  return Array.isArray(value) && value.length === 2 && typeof value[0] === 'string'
}

function encodeForm(fields: FormFields, problems: Problem[]): EncodedBody {
  let body = ''
  for (const [name, value] of fields) body = appendQuery(body, name, value, problems)
  return { body, contentType: 'application/x-www-form-urlencoded', replayable: true }
}

function encodeText(value: unknown, field: string, problems: Problem[]): EncodedBody {
  if (typeof value !== 'string')
    problems.push({ path: field, message: 'is sent as text: it must be a string' })
  return { body: value as string, contentType: 'text/plain;charset=UTF-8', replayable: true }
}

const octets = 'application/octet-stream'

function encodeBytes(value: unknown, field: string, problems: Problem[]): EncodedBody {
  const bytes = bytesOf(value)
  // A copy: its owner may use the buffer for something else before the last attempt is sent.
  if (bytes !== undefined) return { body: new Uint8Array(bytes), contentType: octets, replayable: true }
  const remedy = 'is sent as bytes: it must be a Uint8Array, an ArrayBuffer, a view of one, or a Blob'
  if (isBlob(value)) return encodeStream(value, field, problems, remedy)
  problems.push({ path: field, message: remedy })
  return { body: undefined, contentType: octets, replayable: true }
}

function encodeStream(value: unknown, field: string, problems: Problem[], remedy: string): EncodedBody {
  const streamed = streamedBody(value)
  if (typeof streamed === 'string') {
    problems.push({ path: field, message: streamed === streamRemedy ? remedy : streamed })
    return { body: undefined, contentType: octets, replayable: true }
  }
  const { source, replayable, length, contentType = octets } = streamed
  return { body: source, contentType, replayable, length }
}
