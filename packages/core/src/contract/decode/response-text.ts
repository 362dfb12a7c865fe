import type { ResponseHeaders } from '../../foundation/errors/index.js'

/** Characters of a body that an error may repeat. */
const snippetLength = 200

/** The beginning of a body on one line, for an error. */
export function snippetOf(body: Buffer | string): string {
  // A character is at most four bytes; white space that collapses is not worth reading on for.
  const text =
    typeof body === 'string' ? body.slice(0, snippetLength * 4) : body.toString('utf8', 0, snippetLength * 4)
  const line = text.replace(/[\s\p{Cc}\p{Cf}]+/gu, ' ').trim()
  return line.length <= snippetLength
    ? line
    : `${line.slice(0, snippetLength - 1).replace(/[\uD800-\uDBFF]$/, '')}…`
}

/** The response's content type, lower-case, with its parameters; empty when it has none. */
export function contentTypeOf(headers: ResponseHeaders): string {
  const value = headers['content-type']
  const first = typeof value === 'string' ? value : value?.[0]
  return first === undefined ? '' : first.toLowerCase()
}

/** `application/json`, `text/json`, `application/problem+json` ... */
const jsonPattern = /^[^;]*[/+]json\s*(?:;|$)/

/** What careless servers call their JSON. */
const carelessPattern = /^(?:text\/plain|text\/javascript|application\/octet-stream)\s*(?:;|$)/

/** Whether a content type says that the body is JSON. */
export function isJson(contentType: string): boolean {
  return (
    contentType === 'application/json' ||
    contentType.startsWith('application/json;') ||
    jsonPattern.test(contentType)
  )
}

/** Whether a content type can hold JSON: servers that say nothing, or nothing exact, get the benefit of the doubt. */
export function mayBeJson(contentType: string): boolean {
  return contentType === '' || isJson(contentType) || carelessPattern.test(contentType)
}

/** The body as text, in the character set that the content type names. */
export function decodeText(body: Buffer, contentType: string): string {
  const charset = /;\s*charset\s*=\s*"?([\w.:-]+)/.exec(contentType)?.[1]
  if (charset === undefined || charset === 'utf-8' || charset === 'utf8') return withoutMark(body.toString())
  try {
    return new TextDecoder(charset).decode(body)
  } catch {
    return withoutMark(body.toString())
  }
}

/** JSON is UTF-8, whatever the content type says; `JSON.parse` trips over a byte order mark. */
export function jsonText(body: Buffer): string {
  return withoutMark(body.toString())
}

function withoutMark(text: string): string {
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text
}
