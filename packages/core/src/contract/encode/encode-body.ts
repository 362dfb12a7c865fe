import type { Problem } from '../../foundation/errors/index.js'
import type { BodyKind } from '../describe/operation.js'
import { bytesOf, streamedBody, streamRemedy } from './body-stream.js'
import { appendQuery } from './encode-query.js'
import type { EncodedBody } from './encoded-body.js'
import { encodeMultipart } from './multipart.js'

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

function fieldsOf(value: unknown, field: string, problems: Problem[]): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null) return value as Record<string, unknown>
  problems.push({ path: field, message: 'must be an object: its members are the fields of the form' })
  return {}
}

function encodeForm(fields: Readonly<Record<string, unknown>>, problems: Problem[]): EncodedBody {
  let body = ''
  for (const name of Object.keys(fields)) body = appendQuery(body, name, fields[name], problems)
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
  if (bytes !== undefined) return { body: bytes, contentType: octets, replayable: true }
  const remedy = 'is sent as bytes: it must be a Uint8Array, an ArrayBuffer, a view of one, or a Blob'
  if (value instanceof Blob) return encodeStream(value, field, problems, remedy)
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
