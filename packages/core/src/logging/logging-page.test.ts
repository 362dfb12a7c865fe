import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { HoldfastError } from '../errors/index.js'
import { Emitter } from '../policies/index.js'
import { ClientLog, type LoggedEvents } from './client-log.js'
import { createLogger } from './create-logger.js'
import { RequestLog } from './request-log.js'
import { serializeError } from './serialize-error.js'

const page = readFileSync(new URL('../../../../docs/logging.md', import.meta.url), 'utf8')
const rowsBelow = (heading: string) =>
  (page.split(/^## /m).find((part) => part.startsWith(heading)) ?? '')
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .slice(1)
    .map((row) => row.slice(2, -2).split(' | '))

/** A line of every kind, with every field that it can have. */
function everyLine(): Record<string, unknown>[] {
  const lines: Record<string, unknown>[] = []
  const logger = createLogger({
    name: 'shop',
    version: '1',
    environment: 'test',
    level: 'debug',
    destination: { write: (line) => lines.push(JSON.parse(line)) },
  })
  const error = new HoldfastError('ABORTED', 'gone')
  const trace = { traceId: 'a', spanId: 'b' }
  const call = { correlationId: 'c', dependency: 'orders', operation: 'get' }
  const endpoint = { dependency: 'orders', origin: 'http://orders' }
  const ended = { correlationId: 'c', trace, status: 500, durationMs: 1, error }
  const request = { method: 'GET', route: '/', path: '/', aborted: true, remoteAddress: '::1' }
  new RequestLog(logger).write({ ...ended, ...request })
  const log = new ClientLog(logger)
  log.call({ ...call, ...ended, outcome: 'success', attempts: 1 })
  const events = new Emitter<LoggedEvents>()
  log.watch({ $on: (name, listener) => events.on(name, listener) })
  events.emit('retry', { ...call, attempt: 2, delayMs: 1, error })
  events.emit('hedge', { ...call, delayMs: 1 })
  events.emit('reject', { ...call, reason: 'queue full' })
  events.emit('fallback', { ...call, error })
  events.emit('open', { ...endpoint, openMs: 1, failures: 1, successes: 1 })
  events.emit('halfOpen', endpoint)
  events.emit('close', endpoint)
  return lines
}

/** `call rejected: queue full` is documented as `call rejected`. */
const kindOf = (message: unknown) => String(message).replace(/:.*/, '')

describe('the page about logging', () => {
  it('has every message with its level', () => {
    const documented = new Map(
      rowsBelow('What is logged').map(([message = '', level]) => [message.replaceAll('`', ''), level]),
    )
    for (const { msg, level } of everyLine()) {
      const row = [...documented].find(([message]) => kindOf(message) === kindOf(msg))
      expect(row?.[1], String(msg)).toBe(`\`${level}\``)
    }
    expect(documented.size).toBe(everyLine().length + 1)
  })

  it('has every field, with the lines that have it', () => {
    const documented = rowsBelow('Fields').map(([field = '', where = '']) => [
      field.replaceAll('`', ''),
      where.split(', '),
    ]) as [string, string[]][]
    for (const line of everyLine()) {
      const expected = documented
        .filter(([, where]) =>
          where.some(
            (kind) =>
              kind === 'every line' ||
              (kindOf(line.msg).startsWith(kind) && !(kind === 'call' && kindOf(line.msg) !== 'call')),
          ),
        )
        .map(([field]) => field)
        .filter((field) => field !== 'suppressed')
      expect(Object.keys(line).sort(), String(line.msg)).toEqual(expected.sort())
    }
  })

  it('has the fields of an error', () => {
    const cause = Object.assign(new AggregateError([1], 'a', { cause: 'b' }), {
      code: 1,
      syscall: 'c',
      status: 1,
    })
    const error = new HoldfastError('ABORTED', 'gone', { phase: 'queued', cause })
    error.dependency = 'orders'
    error.operation = 'get'
    const logged = serializeError(error)
    const names = new Set([...Object.keys(logged), ...Object.keys(logged.cause ?? {})])
    expect(names.size).toBe(14)
    for (const name of names) expect(page).toContain(`\`${name}\``)
  })
})
