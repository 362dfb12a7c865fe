import type { HealthResult } from './health-check.js'

const maxOutput = 300
const credentials = /(\w:\/\/)[^\s/@]+@/g

/** What a check's own value says. */
export function outcomeOf(value: unknown): HealthResult {
  if (value === false) return { status: 'fail', output: 'gave false' }
  if (!isResult(value)) return { status: 'pass' }
  return value.output === undefined ? value : { ...value, output: printable(value.output) }
}

/** What an error of a check says. */
export function failureOf(error: unknown): HealthResult {
  const text = error instanceof Error ? error.message || error.name : String(error)
  return { status: 'fail', output: printable(text) }
}

/** The worse of two. */
export function worse<Status extends HealthResult['status']>(a: Status, b: Status): Status {
  return severity[a] >= severity[b] ? a : b
}

const severity = { pass: 0, warn: 1, fail: 2 } as const

function isResult(value: unknown): value is HealthResult {
  if (typeof value !== 'object' || value === null) return false
  const { status } = value as { status?: unknown }
  return status === 'pass' || status === 'warn' || status === 'fail'
}

/** Drivers put connection strings into their messages. */
function printable(text: string): string {
  const line = text.replace(credentials, '$1[secret]@').replace(/\s+/g, ' ').trim()
  return line.length > maxOutput ? `${line.slice(0, maxOutput - 1)}…` : line
}
