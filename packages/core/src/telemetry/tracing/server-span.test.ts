import { context, ROOT_CONTEXT, trace } from '@opentelemetry/api'
import { RPCType, setRPCMetadata, suppressTracing } from '@opentelemetry/core'
import { describe, expect, it } from 'vitest'
import { startTestSdk } from '../../../test/fixtures/spans.js'
import { AbortedError, CircuitOpenError, DeadlineExceededError } from '../../foundation/errors/index.js'
import { noTrace } from '../context/index.js'
import { activeTraceIds, startServerSpan, withSpan } from './index.js'

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
const inbound = {
  traceparent: `00-${traceId}-00f067aa0ba902b7-01`,
  tracestate: 'vendor=1',
  baggage: 'tenant=7',
}
const request = {
  method: 'GET',
  url: '/orders/42?api_key=s3cr3t&page=2',
  httpVersion: '1.1',
  headers: { host: 'shop.example:8443', 'user-agent': 'curl/8' },
  socket: { encrypted: true },
}

function started(received: Parameters<typeof startServerSpan>[0] = request, from = noTrace) {
  const span = startServerSpan(received, from)
  if (span === undefined) throw new Error('nothing is traced')
  return span
}

describe('a request', () => {
  it('is a SERVER span by the semantic conventions', () => {
    const sdk = startTestSdk()
    started().end({ status: 200, route: '/orders/{id}' })
    expect(sdk.facts()).toEqual([
      {
        name: 'GET /orders/{id}',
        kind: 'SERVER',
        parent: undefined,
        status: 'UNSET',
        attributes: {
          'http.request.method': 'GET',
          'http.response.status_code': 200,
          'http.route': '/orders/{id}',
          'network.protocol.version': '1.1',
          'server.address': 'shop.example',
          'server.port': 8443,
          'url.path': '/orders/42',
          'url.query': 'api_key=[redacted]&page=2',
          'url.scheme': 'https',
          'user_agent.original': 'curl/8',
        },
      },
    ])
  })

  it('is a child of its caller, and begins a trace without one', () => {
    const sdk = startTestSdk()
    started(request, inbound).end({ status: 200 })
    // Checked by the context already: what is not in there has been refused.
    started({ ...request, headers: { traceparent: inbound.traceparent } }).end({ status: 200 })
    const [child, root] = sdk.spans()
    expect(child?.spanContext().traceId).toBe(traceId)
    expect(child?.parentSpanContext?.spanId).toBe('00f067aa0ba902b7')
    expect(child?.spanContext().traceState?.serialize()).toBe('vendor=1')
    expect(root?.parentSpanContext).toBeUndefined()
  })

  it('is not a child of the span in which the server began to listen', () => {
    const sdk = startTestSdk()
    withSpan('start', () => started().end({ status: 200 }))
    expect(sdk.named('GET').parentSpanContext).toBeUndefined()
  })

  it.each([
    [404, undefined, 'UNSET', undefined],
    [499, new AbortedError(), 'UNSET', undefined],
    [500, undefined, 'ERROR', '500'],
    [503, new CircuitOpenError('open', 10), 'ERROR', 'CIRCUIT_OPEN'],
    [504, new DeadlineExceededError('late'), 'ERROR', 'DEADLINE_EXCEEDED'],
    [500, new RangeError('secret'), 'ERROR', 'RangeError'],
  ])('answered with %s (%s) is %s', (status, error, expected, errorType) => {
    const sdk = startTestSdk()
    const span = started()
    span.end({ status, error })
    span.end({ status: 200 })
    const [facts] = sdk.facts()
    expect(facts).toMatchObject({ status: expected, attributes: { 'http.response.status_code': status } })
    expect(facts?.attributes['error.type']).toBe(errorType)
    expect(JSON.stringify(sdk.spans()[0]?.status)).not.toContain('secret')
  })

  it('of any shape makes a span of bounded size', () => {
    const sdk = startTestSdk()
    const long = 'x'.repeat(10_000)
    const headers = { host: `bad host/${long}`, 'user-agent': long }
    started({ method: long, url: `/${long}?${long}`, headers }).end({ status: 404 })
    started({ headers: { host: '[::1]:80' } }).end({ status: 200 })
    const [first, second] = sdk.facts()
    expect(first?.name).toBe('HTTP')
    expect(first?.attributes['url.path']).toHaveLength(1_024)
    expect(first?.attributes['server.address']).toBeUndefined()
    expect(second?.attributes).toMatchObject({ 'server.address': '::1', 'server.port': 80, 'url.path': '/' })
    for (const value of Object.values(first?.attributes ?? {}))
      expect(String(value).length).toBeLessThan(1_025)
  })
})

describe('work inside the span', () => {
  it('sees it, and calls it makes are its children', async () => {
    const sdk = startTestSdk()
    const span = started(request, inbound)
    await span.run(async () => {
      await Promise.resolve()
      expect(activeTraceIds()).toEqual(span.ids)
      expect(activeTraceIds()).toMatchObject({ traceId, sampled: true })
      withSpan('load', () => {})
    })
    span.end({ status: 200, route: '/orders/{id}' })
    expect(sdk.facts()).toMatchObject([{ name: 'load', parent: 'GET /orders/{id}' }, {}])
  })
})

describe('beside instrumentation-http', () => {
  it('its span is taken over, named, and left for it to end', () => {
    const sdk = startTestSdk()
    const theirs = trace.getTracer('http').startSpan('GET', { kind: 1 })
    const metadata = { type: RPCType.HTTP, span: theirs, route: undefined as never }
    context.with(setRPCMetadata(trace.setSpan(ROOT_CONTEXT, theirs), metadata), () => {
      const span = started(request, inbound)
      expect(span.run(() => trace.getActiveSpan())).toBe(theirs)
      expect(span.ids?.spanId).toBe(theirs.spanContext().spanId)
      span.end({ status: 500, route: '/orders/{id}' })
    })
    expect(sdk.spans()).toHaveLength(0)
    theirs.end()
    expect(metadata.route).toBe('/orders/{id}')
    expect(sdk.facts()).toMatchObject([
      { name: 'GET /orders/{id}', attributes: { 'http.route': '/orders/{id}' } },
    ])
  })

  it('any active SERVER span is taken over, unless it has ended', () => {
    const sdk = startTestSdk()
    const theirs = trace.getTracer('other').startSpan('theirs', { kind: 1 })
    const active = trace.setSpan(ROOT_CONTEXT, theirs)
    context.with(active, () => started().end({ status: 200 }))
    theirs.end()
    context.with(active, () => started().end({ status: 200 }))
    expect(sdk.facts().map(({ name }) => name)).toEqual(['theirs', 'GET'])
  })

  it('a request that it ignores is ignored', () => {
    startTestSdk()
    context.with(suppressTracing(ROOT_CONTEXT), () => {
      expect(startServerSpan(request, noTrace)).toBeUndefined()
    })
  })
})

describe('without an SDK', () => {
  it('there is no span', () => {
    expect(startServerSpan(request, inbound)).toBeUndefined()
    expect(activeTraceIds()).toBeUndefined()
  })
})
