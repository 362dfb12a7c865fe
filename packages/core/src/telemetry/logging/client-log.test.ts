import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createClient, createFetch } from '../../client/index.js'
import { defineContract } from '../../contract/index.js'
import { CircuitOpenError } from '../../foundation/errors/index.js'
import { Emitter } from '../../foundation/events/index.js'
import type { ClientEvents } from '../events/index.js'
import { ClientLog } from './client-log.js'
import { createLogger } from './create-logger.js'

function setUp(level: 'debug' | 'info' | 'warn' = 'debug') {
  const lines: Record<string, unknown>[] = []
  const logger = createLogger({
    name: 'shop',
    level,
    destination: { write: (line) => lines.push(JSON.parse(line)) },
  })
  const events = new Emitter<ClientEvents>()
  const log = new ClientLog(logger)
  const stop = log.watch({ $on: (name, listener) => events.on(name, listener) })
  return { lines, events, log, stop }
}

const call = { dependency: 'orders', operation: 'getOrder' }
/** The same as an event says it, outside of a request. */
const called = { ...call, correlationId: undefined }
const endpoint = { dependency: 'orders', origin: 'http://orders:3000' }

describe('ClientLog', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it('logs what policies in shadow would have done, and which options have changed', () => {
    const { lines, events } = setUp()
    for (const reason of ['queue full', 'queue full', 'queued'] as const)
      events.emit('shadowReject', { ...called, reason })
    events.emit('open', { ...endpoint, openMs: 1_500, failures: 20, successes: 1, shadow: true })
    const changes = [
      { option: 'timeoutMs', from: undefined, to: 400 },
      { option: 'retry', from: { maxAttempts: 3 }, to: false },
    ]
    events.emit('updated', { dependency: 'orders', source: 'update', changes })
    events.emit('updated', { dependency: 'orders', source: 'file', changes })
    expect(lines).toMatchObject([
      { level: 'warn', msg: 'call would be rejected: queue full', ...call, shadow: true },
      { level: 'debug', msg: 'call would be rejected: queued', reason: 'queued' },
      { level: 'warn', msg: 'circuit open', shadow: true },
      {
        level: 'info',
        msg: 'options updated',
        changes: ['timeoutMs: default -> 400', 'retry: { maxAttempts: 3 } -> false'],
      },
    ])
    expect(lines).toHaveLength(4)
  })

  it('logs what a client reports', () => {
    const { lines, events, stop } = setUp()
    events.emit('retry', {
      ...call,
      correlationId: 'abc',
      attempt: 2,
      delayMs: 51.4,
      error: new Error('reset'),
    })
    events.emit('hedge', { ...called, delayMs: 20 })
    events.emit('shed', called)
    events.emit('ejected', { ...endpoint, reason: 'failure ratio', ejectedMs: 10_000 })
    events.emit('readmitted', endpoint)
    events.emit('endpointAdded', endpoint)
    events.emit('endpointRemoved', { ...endpoint, inFlight: 2 })
    for (let index = 0; index < 3; index++) {
      events.emit('resolverError', { dependency: 'orders', error: new Error('no answer') })
    }
    events.emit('open', { ...endpoint, openMs: 1_500, failures: 20, successes: 1 })
    events.emit('halfOpen', endpoint)
    events.emit('close', endpoint)
    expect(lines).toMatchObject([
      { level: 'warn', msg: 'retry', correlation_id: 'abc', ...call, attempt: 2, delay_ms: 51 },
      { level: 'debug', msg: 'hedge', delay_ms: 20 },
      { level: 'warn', msg: 'call shed', ...call },
      { level: 'warn', msg: 'endpoint ejected', endpoint: endpoint.origin, ejected_ms: 10_000 },
      { level: 'info', msg: 'endpoint readmitted', endpoint: endpoint.origin },
      { level: 'info', msg: 'endpoint added', dependency: 'orders', endpoint: endpoint.origin },
      { level: 'info', msg: 'endpoint removed', in_flight: 2 },
      { level: 'warn', msg: 'resolver failed', dependency: 'orders', err: { message: 'no answer' } },
      { level: 'warn', msg: 'circuit open', endpoint: endpoint.origin, open_ms: 1_500, failures: 20 },
      { level: 'info', msg: 'circuit half-open', dependency: 'orders' },
      { level: 'info', msg: 'circuit closed', dependency: 'orders' },
    ])
    expect(lines[0]?.err).toMatchObject({ message: 'reset' })
    stop()
    events.emit('close', endpoint)
    expect(lines).toHaveLength(11)
  })

  it('logs refusals of a kind once a second, and how many it left out', () => {
    const { lines, events } = setUp()
    const reject = { ...called, reason: 'circuit open' as const }
    for (let index = 0; index < 1_000; index++) events.emit('reject', reject)
    events.emit('reject', { ...reject, reason: 'queue full' })
    events.emit('fallback', { ...called, error: new CircuitOpenError() })
    expect(lines.map(({ msg }) => msg)).toEqual([
      'call rejected: circuit open',
      'call rejected: queue full',
      'fallback',
    ])
    vi.advanceTimersByTime(1_001)
    events.emit('reject', reject)
    expect(lines.at(-1)).toMatchObject({ level: 'warn', reason: 'circuit open', suppressed: 999 })
  })

  it('logs calls at debug', () => {
    const { lines, log } = setUp()
    expect(log.logsCalls).toBe(true)
    log.call({ ...call, outcome: 'success', status: 200, attempts: 1, durationMs: 1.234 })
    log.call({
      ...call,
      outcome: 'CIRCUIT_OPEN',
      status: 0,
      attempts: 0,
      durationMs: 0,
      error: new Error('open'),
    })
    expect(lines).toMatchObject([
      {
        level: 'debug',
        msg: 'call',
        ...call,
        outcome: 'success',
        status: 200,
        attempts: 1,
        duration_ms: 1.23,
      },
      { outcome: 'CIRCUIT_OPEN', attempts: 0, err: { message: 'open' } },
    ])
    expect(lines[1]).not.toHaveProperty('status')
    expect(setUp('info').log.logsCalls).toBe(false)
  })

  it('takes every kind of client', async () => {
    const { log } = setUp()
    const contract = defineContract('orders', { list: { method: 'GET', path: '/orders' } })
    const client = createClient(contract, { baseUrl: 'http://127.0.0.1:1' })
    const fetch = createFetch()
    log.watch(client)()
    log.watch(fetch)()
    await client.$close()
    await fetch.$close()
  })
})
