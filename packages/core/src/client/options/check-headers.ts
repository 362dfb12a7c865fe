import { validateHeaderName, validateHeaderValue } from 'node:http'

/** Headers that HTTP itself needs to set. */
const framing = new Set([
  'connection',
  'content-length',
  'expect',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** Told of each header that cannot be sent. */
export type OnProblem = (name: string, message: string) => void

/**
 * A copy with lower-case names, without what cannot be sent: that is told to `onProblem`. `mayBeSized` where the length
 * of a streamed body may be given.
 */
export function checkHeaders(
  headers: unknown,
  onProblem: OnProblem,
  mayBeSized = false,
): Record<string, string> {
  const checked: Record<string, string> = {}
  if (headers === undefined) return checked
  if (typeof headers !== 'object' || headers === null || Symbol.iterator in headers) {
    onProblem('', 'must be an object of names and values')
    return checked
  }
  for (const [key, value] of Object.entries(headers)) {
    if (value === undefined) continue
    const name = key.toLowerCase()
    const problem =
      mayBeSized && name === 'content-length' ? lengthProblem(value) : headerProblem(name, value)
    if (problem === undefined) checked[name] = value as string
    else onProblem(key, problem)
  }
  return checked
}

function lengthProblem(value: unknown): string | undefined {
  return typeof value === 'string' && /^\d+$/.test(value) ? undefined : 'must be a number of bytes, as text'
}

function headerProblem(name: string, value: unknown): string | undefined {
  if (framing.has(name)) return 'is set by the transport; leave it out'
  if (typeof value !== 'string') return `must be a string, not ${typeof value}`
  try {
    validateHeaderName(name)
  } catch {
    return 'is no valid header name'
  }
  try {
    validateHeaderValue(name, value)
  } catch {
    return 'has a character that a header cannot carry, such as a line break'
  }
  return undefined
}
