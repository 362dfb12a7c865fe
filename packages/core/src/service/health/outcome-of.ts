import { redactText } from '../../telemetry/logging/index.js'
import type { HealthResult } from './health-check.js'

const maxOutput = 300
/** Of connection strings whose passwords hold what no URL may. */
const credentials = /(\w:\/\/)[^\s/@]+@/g

/** What a check's own value says. */
export function outcomeOf(value: unknown): HealthResult {
  if (value === false) return { status: 'fail', output: 'gave false' }
  if (!isResult(value)) return { status: 'pass' }
  return value.output === undefined ? value : { ...value, output: printable(value.output) }
}

/** What an error of a check says. */
export function failureOf(error: unknown): HealthResult {
  return { status: 'fail', output: printable(textOf(error)) }
}

/** Node's error of a host that refuses at all of its addresses has no message, but a code. */
function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.message || String((error as NodeJS.ErrnoException).code ?? error.name)
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

/** Drivers put connection strings and signed URLs into their messages. */
function printable(text: string): string {
  const line = redactText(text).replace(credentials, '$1[redacted]@').replace(/\s+/g, ' ').trim()
  return line.length > maxOutput ? `${line.slice(0, maxOutput - 1)}…` : line
}
