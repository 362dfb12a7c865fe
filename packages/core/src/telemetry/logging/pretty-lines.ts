import { inspect } from 'node:util'
import type { LogDestination } from './log-destination.js'

const reset = '\u001b[0m'
const colours: Readonly<Record<string, string>> = {
  trace: '\u001b[90m',
  debug: '\u001b[36m',
  info: '\u001b[32m',
  warn: '\u001b[33m',
  error: '\u001b[31m',
  fatal: '\u001b[35m',
}
const grey = '\u001b[90m'

interface Line {
  readonly level?: unknown
  readonly time?: unknown
  readonly service?: unknown
  readonly msg?: unknown
  readonly err?: unknown
  readonly [field: string]: unknown
}

/** Turns JSON lines into lines for people, and hands on what is no JSON as it is. */
export function prettyLines(output: LogDestination, colour: boolean): LogDestination {
  return {
    write(line: string): unknown {
      return output.write(prettyLine(line, colour))
    },
  }
}

/** `12:30:00.000 INFO orders: request method=GET status=200`, and errors on lines of their own. */
export function prettyLine(line: string, colour: boolean): string {
  const parsed = parse(line)
  if (parsed === undefined) return line
  const { level, time, service, msg, err, version: _, environment: __, ...fields } = parsed
  const paint = (text: string, code: string | undefined) => (colour && code ? `${code}${text}${reset}` : text)
  const name = typeof level === 'string' ? level : 'info'
  const parts = [
    paint(timeOfDay(time), grey),
    paint(name.toUpperCase().padEnd(5), colours[name]),
    `${typeof service === 'string' ? `${printable(service)}: ` : ''}${typeof msg === 'string' ? printable(msg) : ''}`,
    ...Object.entries(fields).map(([field, value]) => `${paint(`${field}=`, grey)}${fieldText(value)}`),
  ]
  return `${parts.filter((part) => part !== '').join(' ')}\n${errorText(err)}`
}

function parse(line: string): Line | undefined {
  try {
    const parsed: unknown = JSON.parse(line)
    return typeof parsed === 'object' && parsed !== null ? (parsed as Line) : undefined
  } catch {
    return undefined
  }
}

function timeOfDay(time: unknown): string {
  if (typeof time !== 'string' && typeof time !== 'number') return ''
  const date = new Date(time)
  return Number.isNaN(date.getTime()) ? '' : date.toISOString().slice(11, 23)
}

function fieldText(value: unknown): string {
  if (typeof value === 'string') return /^[^\s"]+$/.test(value) ? printable(value) : JSON.stringify(value)
  return inspect(value, { breakLength: Number.POSITIVE_INFINITY, depth: 4 })
}

/** JSON hid control characters; a terminal must not obey them now. */
function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, (character) => JSON.stringify(character).slice(1, -1))
}

function errorText(error: unknown): string {
  let text = ''
  let current: unknown = error
  for (let prefix = '  '; typeof current === 'object' && current !== null; prefix = '  caused by ') {
    const { stack, name, message, code, cause } = current as Record<string, unknown>
    const title = typeof stack === 'string' ? stack : `${String(name)}: ${String(message)}`
    const lines = title.split('\n').map(printable).join('\n  ')
    text += `${prefix}${isScalar(code) ? `[${printable(String(code))}] ` : ''}${lines}\n`
    current = cause
  }
  return text
}

const isScalar = (value: unknown): boolean => typeof value === 'string' || typeof value === 'number'
