import { EventEmitter } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { SpanExporter } from '@opentelemetry/sdk-trace-node'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { createClient, OptionsFileWatch, type Updater, updaterOf } from '../../client/index.js'
import { defineContract } from '../../contract/index.js'
import { HoldfastError } from '../../foundation/errors/index.js'
import { Emitter } from '../../foundation/events/index.js'
import { startTelemetry } from '../../otel.js'
import { createShutdown, type Shutdown, type ShutdownOptions } from '../../service/lifecycle/index.js'
import { createService } from '../../service/service/index.js'
import type { ClientEvents } from '../events/index.js'
import { withSpan } from '../tracing/index.js'
import { ClientLog } from './client-log.js'
import { createLogger } from './create-logger.js'
import { RequestLog } from './request-log.js'
import { serializeError } from './serialize-error.js'
import { type LoggedTrafficEvents, logTraffic } from './traffic-log.js'

type Line = Readonly<Record<string, unknown>>

const page = readFileSync(new URL('../../../../../docs/logging.md', import.meta.url), 'utf8')
const rowsBelow = (heading: string): readonly (readonly string[])[] =>
  (page.split(/^## /m).find((part) => part.startsWith(heading)) ?? '')
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((row) => row.slice(2, -2).split(' | '))
const names = (cell = ''): readonly string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name)

const everyLine = ['level', 'time', 'service', 'version', 'environment', 'msg']
const identity = { name: 'shop', version: '1', environment: 'test' }
const lines: Line[] = []
const destination = { write: (line: string) => lines.push(JSON.parse(line)) }
const logger = createLogger({ ...identity, level: 'debug', destination, pretty: false })

/** A line of every kind, with every field that it can have. */
beforeAll(async () => {
  logRequestsAndCalls()
  await logService()
  await logShutdowns()
  const exporter: SpanExporter = {
    export: (_, done) => done({ code: 1, error: new Error('down') }),
    shutdown: async () => {},
  }
  const service = { name: 'shop', logger, onShutdown: () => {} }
  const telemetry = await startTelemetry({ service, exporter })
  await withSpan('work', () => 1)
  await telemetry.shutdown()
  // Written by the output itself, below the logger: its own test tells when.
  lines.push({ level: 'warn', time: '', dropped: 1, msg: 'log lines dropped' })
})

function logRequestsAndCalls(): void {
  const error = new HoldfastError('ABORTED', 'gone')
  const trace = { traceId: 'a', spanId: 'b' }
  const call = { correlationId: 'c', dependency: 'orders', operation: 'get' }
  const endpoint = { dependency: 'orders', origin: 'http://orders' }
  const ended = { correlationId: 'c', trace, status: 500, durationMs: 1, error }
  const request = { method: 'GET', route: '/', path: '/', aborted: true, remoteAddress: '::1' }
  new RequestLog(logger).write({ ...ended, ...request })
  const log = new ClientLog(logger)
  log.call({ ...call, ...ended, outcome: 'success', attempts: 1 })
  const events = new Emitter<ClientEvents>()
  log.watch({ $on: (name, listener) => events.on(name, listener) })
  events.emit('retry', { ...call, attempt: 2, delayMs: 1, error })
  events.emit('hedge', { ...call, delayMs: 1 })
  vi.useFakeTimers()
  for (const waitMs of [0, 10, 2_000]) {
    vi.advanceTimersByTime(waitMs)
    events.emit('reject', { ...call, reason: 'queue full' })
    events.emit('shadowReject', { ...call, reason: 'queue full' })
    events.emit('shadowReject', { ...call, reason: 'queued' })
    events.emit('fallback', { ...call, error })
    events.emit('stale', { ...call, ageMs: 1, error })
    events.emit('cacheError', { dependency: 'orders', error })
    events.emit('shed', call)
    events.emit('resolverError', { dependency: 'orders', error })
  }
  vi.useRealTimers()
  events.emit('chaosSwitched', { dependency: 'orders', isEnabled: true })
  events.emit('chaosSwitched', { dependency: 'orders', isEnabled: false })
  vi.stubEnv('NODE_ENV', 'production')
  events.emit('chaosSwitched', { dependency: 'orders', isEnabled: true })
  vi.unstubAllEnvs()
  logShifts()
  events.emit('open', { ...endpoint, openMs: 1, failures: 1, successes: 1, shadow: true })
  events.emit('halfOpen', { ...endpoint, shadow: true })
  events.emit('close', { ...endpoint, shadow: true })
  const changes = [{ option: 'timeoutMs', from: undefined, to: 1 }]
  events.emit('updated', { dependency: 'orders', source: 'update', changes })
  logOptionsFile()
  events.emit('ejected', { ...endpoint, reason: 'failure ratio', ejectedMs: 1 })
  events.emit('readmitted', endpoint)
  events.emit('endpointAdded', endpoint)
  events.emit('endpointRemoved', { ...endpoint, inFlight: 1 })
}

function logOptionsFile(): void {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-log-'))
  const path = join(folder, 'holdfast.json')
  const orders = createClient(defineContract('orders', {}), { baseUrl: 'http://127.0.0.1:1' })
  writeFileSync(path, '{ "clients": { "orders": { "timeoutMs": 5 } } }')
  let name = 'orders'
  const clients = () => new Map([[name, [updaterOf(orders) as Updater]]])
  const watch = OptionsFileWatch.open('test', path, { logger }, clients)
  name = 'others'
  watch.refresh()
  watch.close()
  rmSync(folder, { recursive: true })
}

function logShifts(): void {
  const split = new Emitter<LoggedTrafficEvents>()
  logTraffic(logger, 'orders', { on: (name, listener) => split.on(name, listener) })
  const canary = { version: 'canary', baseline: 'stable', percent: 5, detail: 'a few' }
  split.emit('shifted', { weights: { stable: 1 }, cause: 'canary' })
  split.emit('shifted', { weights: { stable: 1 }, cause: 'switchTo' })
  split.emit('canaryStep', canary)
  split.emit('canaryPromoted', canary)
  split.emit('canaryRolledBack', { ...canary, reason: 'latency' })
  split.emit('canaryStopped', canary)
}

async function logService(): Promise<void> {
  const management = { port: 0, host: '127.0.0.1' }
  const service = createService({ ...identity, logger, management, signals: false, metrics: false })
  let isWell = false
  const check = () => {
    if (!isWell) throw new Error('down')
  }
  service.health.add('database', check, { cacheMs: 0, failuresBeforeDown: 1, successesBeforeUp: 1 })
  const { managementUrl } = await service.listen((_, response) => response.end(), management)
  await fetch(`${managementUrl}/readyz`)
  isWell = true
  await fetch(`${managementUrl}/readyz`)
  await service.shutdown()
}

/** A process of the test's own, that a shutdown listens to. */
function shutdownWith(options: ShutdownOptions): {
  readonly shutdown: Shutdown
  readonly process: EventEmitter
} {
  const process = new EventEmitter()
  return { process, shutdown: createShutdown({ logger, process, exit: () => {}, ...options }) }
}

async function logShutdowns(): Promise<void> {
  const never = () => new Promise(() => {})
  const { shutdown: unclean } = shutdownWith({ inFlightMs: 1, hooksMs: 1 })
  unclean.onShutdown('broken', () => Promise.reject(new Error('broken')))
  unclean.onShutdown('stuck', never)
  void unclean.run(never)
  await unclean.shutdown()

  const { shutdown: slow, process } = shutdownWith({ inFlightMs: 1, hooksMs: 1, flushMs: 1, hardStopMs: 5 })
  slow.onDrain('stuck', never)
  slow.listenToProcess()
  process.emit('SIGTERM', 'SIGTERM')
  process.emit('SIGINT', 'SIGINT')
  await slow.shutdown()

  const { shutdown: broken, process: ofBroken } = shutdownWith({})
  broken.listenToProcess()
  ofBroken.emit('uncaughtException', new Error('bug'))
  await broken.shutdown()
  await shutdownWith({})
    .shutdown.run(() => Promise.reject(new Error('bug')))
    .catch(() => {})
}

interface Documented {
  readonly pattern: RegExp
  readonly message: string
  readonly levels: readonly string[]
  readonly fields: readonly string[]
}

/** Most words first: `shutdown: {origin}` would match every line of a shutdown. */
const documented: readonly Documented[] = rowsBelow('What is logged')
  .map(([message = '', levels, fields]) => ({
    message,
    pattern: new RegExp(`^${message.replaceAll('`', '').replaceAll(/\{\w+\}/g, '.+')}$`),
    levels: names(levels),
    fields: names(fields),
  }))
  .sort((a, b) => literal(b.message) - literal(a.message))

function literal(message: string): number {
  return message.replaceAll(/\{\w+\}/g, '').length
}

function rowOf({ msg }: Line): Documented | undefined {
  return documented.find(({ pattern }) => pattern.test(String(msg)))
}

describe('the page about logging', () => {
  it('has every message with its levels', () => {
    for (const line of lines) expect(rowOf(line)?.levels, String(line.msg)).toContain(line.level)
    for (const row of documented) {
      const levels = lines.filter((line) => rowOf(line) === row).map(({ level }) => level)
      expect([...new Set(levels)].sort(), row.message).toEqual([...row.levels].sort())
    }
  })

  it('has every field of each message', () => {
    for (const row of documented) {
      const seen = lines.filter((line) => rowOf(line) === row).flatMap((line) => Object.keys(line))
      const fields = new Set(seen.filter((field) => !everyLine.includes(field)))
      expect([...fields].sort(), row.message).toEqual([...row.fields].sort())
    }
  })

  it('tells what every field means, once', () => {
    const used = new Set(documented.flatMap(({ fields }) => fields))
    const explained = rowsBelow('Fields').map(([field]) => names(field)[0])
    expect([...explained].sort()).toEqual([...used].sort())
    for (const field of everyLine) expect(page).toContain(`\`${field}\``)
  })

  it('has all fields in one style', () => {
    for (const { fields } of documented)
      for (const field of fields) expect(field).toMatch(/^[a-z]+(_[a-z]+)*$/)
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
    error.injected = true
    const logged = serializeError(error)
    const names = new Set([...Object.keys(logged), ...Object.keys(logged.cause ?? {})])
    expect(names.size).toBe(15)
    for (const name of names) expect(page).toContain(`\`${name}\``)
  })
})
