import { describe, expect, it } from 'vitest'
import { parseExposition, textOf } from '../../../test/fixtures/exposition.js'
import { createClient, createFetch } from '../../client/index.js'
import { defineContract } from '../../contract/index.js'
import { CircuitOpenError, HttpError } from '../../foundation/errors/index.js'
import { Emitter } from '../../foundation/events/index.js'
import type { ClientEvents } from '../events/index.js'
import { outcomeOf } from './call-outcome.js'
import { createMetrics } from './create-metrics.js'
import type { ObservedClient, ObservedStats } from './observed-client.js'

const read = async (metrics: ReturnType<typeof createMetrics>) => {
  const { samples } = parseExposition(await textOf(metrics.expose().chunks))
  return (name: string) =>
    samples.filter((each) => each.name === name).map(({ labels, value }) => ({ ...labels, value }))
}

const origin = 'http://orders:3000'
const call = { dependency: 'orders', operation: 'get' }
const called = { ...call, correlationId: undefined }
const retried = { ...called, attempt: 2, delayMs: 1, error: new Error('reset') }
const opened = { openMs: 1, failures: 1, successes: 0 }
const ejected = { reason: 'failure ratio', ejectedMs: 1 } as const

function observed(state: string) {
  const events = new Emitter<ClientEvents>()
  const stats = (): ObservedStats => ({
    dependency: 'orders',
    limit: 64,
    inFlight: 3,
    queued: 2,
    retryBudget: { tokens: 7 },
    endpoints: [{ origin, circuitBreaker: { state }, connections: { open: 4, waitingForSocket: 1 } }],
  })
  const client: ObservedClient = { $stats: stats, $on: (name, listener) => events.on(name, listener) }
  return { client, events }
}

describe('ClientMetrics', () => {
  it('counts calls by their outcome, and their attempts', async () => {
    const metrics = createMetrics({ process: false })
    const operation = metrics.client.operation('orders', 'get')
    operation.record('success', 0.2)
    operation.record('success', 0.3, 2)
    operation.record('CIRCUIT_OPEN', 0, 0)
    const values = await read(metrics)
    expect(values('http_client_request_duration_seconds_count')).toEqual([
      { ...call, outcome: 'success', value: 2 },
      { ...call, outcome: 'CIRCUIT_OPEN', value: 1 },
    ])
    expect(values('http_client_attempts_total')).toEqual([{ ...call, value: 3 }])
  })

  it('counts what policies in shadow would have refused beside what was refused', async () => {
    const metrics = createMetrics({ process: false })
    const { client, events } = observed('open')
    metrics.client.watch(client)
    events.emit('shadowReject', { ...called, reason: 'no free permit' })
    events.emit('shadowReject', { ...called, reason: 'no free permit' })
    const values = await read(metrics)
    expect(values('http_client_shadow_rejections_total')).toEqual([
      { ...call, reason: 'no_free_permit', value: 2 },
    ])
    expect(values('http_client_rejections_total')).toEqual([])
  })

  it('counts what a client reports and shows its state', async () => {
    const metrics = createMetrics({ process: false })
    const { client, events } = observed('halfOpen')
    const stop = metrics.client.watch(client)
    events.emit('retry', retried)
    events.emit('hedge', { ...called, delayMs: 1 })
    events.emit('reject', { ...called, reason: 'circuit open' })
    events.emit('shed', called)
    events.emit('ejected', { dependency: 'orders', origin, ...ejected })
    events.emit('open', { dependency: 'orders', origin, ...opened })
    for (const name of ['halfOpen', 'close'] as const) events.emit(name, { dependency: 'orders', origin })
    const values = await read(metrics)
    expect(values('http_client_retries_total')).toEqual([{ ...call, value: 1 }])
    expect(values('http_client_hedges_total')).toEqual([{ ...call, value: 1 }])
    expect(values('http_client_rejections_total')).toEqual([
      { ...call, reason: 'circuit_open', value: 1 },
      { ...call, reason: 'shed', value: 1 },
    ])
    const endpoint = { dependency: 'orders', endpoint: origin }
    expect(values('http_client_circuit_breaker_transitions_total')).toEqual(
      ['open', 'half_open', 'closed'].map((state) => ({ ...endpoint, state, value: 1 })),
    )
    expect(values('http_client_circuit_breaker_state')).toEqual([
      { ...endpoint, state: 'closed', value: 0 },
      { ...endpoint, state: 'half_open', value: 1 },
      { ...endpoint, state: 'open', value: 0 },
      { ...endpoint, state: 'isolated', value: 0 },
    ])
    expect(values('http_client_endpoint_ejections_total')).toEqual([{ ...endpoint, value: 1 }])
    expect(values('http_client_concurrency_limit')).toEqual([{ dependency: 'orders', value: 64 }])
    expect(values('http_client_retry_budget_tokens')).toEqual([{ dependency: 'orders', value: 7 }])
    expect(values('http_client_attempts_in_flight')).toEqual([{ dependency: 'orders', value: 3 }])
    expect(values('http_client_calls_queued')).toEqual([{ dependency: 'orders', value: 2 }])
    expect(values('http_client_connections')).toEqual([{ ...endpoint, value: 4 }])
    expect(values('http_client_attempts_waiting_for_socket')).toEqual([{ ...endpoint, value: 1 }])
    stop()
    events.emit('retry', retried)
    const later = await read(metrics)
    expect(later('http_client_retries_total')).toEqual([{ ...call, value: 1 }])
    expect(later('http_client_attempts_in_flight')).toEqual([])
  })

  it('forgets what it has counted of an endpoint that has gone', async () => {
    const metrics = createMetrics({ process: false })
    const { client, events } = observed('closed')
    metrics.client.watch(client)
    for (const place of [origin, 'http://10.0.0.9:3000']) {
      const endpoint = { dependency: 'orders', origin: place }
      events.emit('open', { ...endpoint, ...opened })
      for (const name of ['halfOpen', 'close'] as const) events.emit(name, endpoint)
      events.emit('ejected', { ...endpoint, ...ejected })
    }
    events.emit('endpointReleased', { dependency: 'orders', origin: 'http://10.0.0.9:3000' })
    const values = await read(metrics)
    expect(values('http_client_circuit_breaker_transitions_total')).toHaveLength(3)
    expect(values('http_client_endpoint_ejections_total')).toEqual([
      { dependency: 'orders', endpoint: origin, value: 1 },
    ])
  })

  it('adds up two clients of one dependency', async () => {
    const metrics = createMetrics({ process: false })
    metrics.client.watch(observed('open').client)
    metrics.client.watch(observed('closed').client)
    const values = await read(metrics)
    expect(values('http_client_attempts_in_flight')).toEqual([{ dependency: 'orders', value: 6 }])
    expect(values('http_client_circuit_breaker_state').map(({ value }) => value)).toEqual([1, 0, 1, 0])
  })

  it('takes every kind of client', async () => {
    const metrics = createMetrics({ process: false })
    const contract = defineContract('orders', { list: { method: 'GET', path: '/orders' } })
    await using client = createClient(contract, { baseUrl: 'http://127.0.0.1:1' })
    await using fetch = createFetch({ retry: false })
    metrics.client.watch(client)
    metrics.client.watch(fetch)
    await fetch('http://127.0.0.1:1/').catch(() => {})
    const values = await read(metrics)
    expect(values('http_client_attempts_in_flight')).toEqual([
      { dependency: 'orders', value: 0 },
      { dependency: '127.0.0.1:1', value: 0 },
    ])
  })

  it('stays bounded whatever dependencies and operations there are', async () => {
    const metrics = createMetrics({ process: false, maxSeries: 10 })
    for (let index = 0; index < 10_000; index++) {
      metrics.client.operation(`host-${index}`, 'GET').record('success', 0.1)
    }
    const values = await read(metrics)
    expect(values('http_client_request_duration_seconds_count')).toHaveLength(11)
    expect(values('http_client_attempts_total').at(-1)).toEqual({
      dependency: '<overflow>',
      operation: '<overflow>',
      value: 9_990,
    })
  })

  it('uses the names of the semantic conventions when asked', async () => {
    const metrics = createMetrics({ process: false, naming: 'otel' })
    const operation = metrics.client.operation('orders', 'get', 'GET')
    operation.record('success', 0.1)
    operation.record('HTTP_5XX', 0.1)
    const labels = { server_address: 'orders', operation: 'get', http_request_method: 'GET' }
    expect((await read(metrics))('http_client_request_duration_seconds_count')).toEqual([
      { ...labels, value: 1 },
      { ...labels, error_type: 'HTTP_5XX', value: 1 },
    ])
  })
})

describe('outcomeOf', () => {
  const http = (status: number) =>
    new HttpError('no', { status, headers: {}, body: undefined, declared: false })
  it.each([
    [new CircuitOpenError(), 'CIRCUIT_OPEN'],
    [http(404), 'HTTP_4XX'],
    [http(503), 'HTTP_5XX'],
    [new TypeError('bug'), 'error'],
    [undefined, 'error'],
  ])('of %s is %s', (error, outcome) => {
    expect(outcomeOf(error)).toBe(outcome)
  })
})
