import type { Problem } from '../../foundation/errors/index.js'
import { scalarText } from '../describe/scalar-text.js'

/** Tab, printable ASCII, and what latin-1 adds to it. */
const valuePattern = /^[\t\x20-\x7e\x80-\xff]*$/

/**
 * Sets the header `name`. `undefined` and `null` leave it out, a list is joined by commas, a `Date` is written as
 * HTTP writes dates. Values that could split the message are reported, never sent.
 */
export function setHeader(
  headers: Record<string, string>,
  name: string,
  field: string,
  value: unknown,
  problems: Problem[],
): void {
  if (value === undefined || value === null) return
  const text = Array.isArray(value) ? listText(value) : headerText(value)
  if (text === undefined) {
    const message =
      'is sent as a header: it must be a string, a finite number, a bigint, a boolean, a valid Date or a list of those'
    problems.push({ path: field, message })
  } else if (!valuePattern.test(text)) {
    const message = `is sent as the header '${name}': it must not contain line breaks, NUL, other control characters or anything beyond latin-1`
    problems.push({ path: field, message })
  } else headers[name] = text
}

function headerText(value: unknown): string | undefined {
  return value instanceof Date && !Number.isNaN(value.getTime()) ? value.toUTCString() : scalarText(value)
}

function listText(values: readonly unknown[]): string | undefined {
  const texts = values.map(headerText)
  return texts.includes(undefined) ? undefined : texts.join(', ')
}
