import { context, ROOT_CONTEXT, type Span, trace } from '@opentelemetry/api'
import { isTracingSuppressed as isSuppressedByCore, suppressTracing } from '@opentelemetry/core'
import { AlwaysOffSampler } from '@opentelemetry/sdk-trace-node'
import { describe, expect, it } from 'vitest'
import { startTestSdk } from '../../../test/fixtures/spans.js'
import {
  AbortedError,
  AttemptTimeoutError,
  ConnectFailedError,
  HttpError,
} from '../../foundation/errors/index.js'
import { runWithContext } from '../context/index.js'
import { OperationTracing, withSpan } from './index.js'

const getOrder = new OperationTracing({
  dependency: 'orders',
  operation: 'getOrder',
  method: 'GET',
  template: '/orders/{id}',
  origin: 'http://orders:3000',
})
const unavailable = new HttpError('unavailable', {
  status: 503,
  headers: {},
  body: undefined,
  declared: false,
})
const url = 'http://orders:3000/orders/42'

function startCall() {
  const call = getOrder.startCall(performance.now())
  if (call === undefined) throw new Error('nothing is traced')
  return call
}

const traceparentOf = (span: Span | { spanContext: Span['spanContext'] }) => {
  const { traceId, spanId } = span.spanContext()
  return `00-${traceId}-${spanId}-01`
}

describe('an attempt', () => {
  it('is a CLIENT span by the semantic conventions', () => {
    const sdk = startTestSdk()
    const call = startCall()
    call.startAttempt('http://joe:pw@orders:3000/orders/42?token=abc&page=2').end(200)
    call.end(false)
    expect(sdk.facts()).toEqual([
      {
        name: 'GET /orders/{id}',
        kind: 'CLIENT',
        parent: undefined,
        status: 'UNSET',
        attributes: {
          'http.request.method': 'GET',
          'http.response.status_code': 200,
          'url.full': 'http://[redacted]@orders:3000/orders/42?token=[redacted]&page=2',
          'url.template': '/orders/{id}',
          'server.address': 'orders',
          'server.port': 3000,
          'holdfast.dependency': 'orders',
          'holdfast.operation': 'getOrder',
        },
      },
    ])
  })

  it.each([
    [404, undefined, 'ERROR', '404'],
    [503, unavailable, 'ERROR', '503'],
    [0, new ConnectFailedError('refused', 'refused'), 'ERROR', 'CONNECT_FAILED'],
    [200, new TypeError('bad'), 'ERROR', 'TypeError'],
    [0, 'a text', 'ERROR', '_OTHER'],
    [0, new AbortedError(), 'UNSET', undefined],
    [302, undefined, 'UNSET', undefined],
  ])('answered %s with %s is %s %s', (status, error, expected, errorType) => {
    const sdk = startTestSdk()
    const call = startCall()
    call.startAttempt(url).end(status, error)
    call.end(error !== undefined, error)
    const [facts] = sdk.facts()
    expect(facts?.status).toBe(expected)
    expect(facts?.attributes['error.type']).toBe(errorType)
    expect(facts?.attributes['http.response.status_code']).toBe(status === 0 ? undefined : status)
  })

  it('takes the defaults of a scheme, an IPv6 address, and a method nobody knows', () => {
    const sdk = startTestSdk()
    const fetched = { dependency: 'x', operation: 'fetch', template: undefined }
    for (const [method, origin] of [
      ['GET', 'https://[::1]'],
      ['BREW', 'http://pot'],
    ] as const) {
      const call = new OperationTracing({ ...fetched, method, origin }).startCall(0)
      call?.startAttempt(origin).end(200)
      call?.end(false)
    }
    expect(sdk.facts()).toMatchObject([
      { name: 'GET', attributes: { 'server.address': '::1', 'server.port': 443 } },
      {
        name: 'HTTP',
        attributes: {
          'http.request.method': '_OTHER',
          'http.request.method_original': 'BREW',
          'server.port': 80,
        },
      },
    ])
  })

  it('ends once, and by itself when the call has settled before it', () => {
    const sdk = startTestSdk()
    const call = startCall()
    const attempt = call.startAttempt(url)
    call.end(false)
    expect(sdk.spans()).toHaveLength(0)
    attempt.end(200)
    attempt.end(500)
    expect(sdk.facts()).toMatchObject([{ status: 'UNSET' }])
  })
})

describe('a call of one attempt', () => {
  it('has no span of its own', async () => {
    const sdk = startTestSdk()
    await withSpan('work', async () => {
      const call = startCall()
      call.startAttempt(url).end(200)
      call.end(false)
    })
    expect(sdk.facts()).toMatchObject([
      { name: 'GET /orders/{id}', parent: 'work' },
      { name: 'work', parent: undefined },
    ])
  })
})

describe('a call of several attempts', () => {
  it('has a span around them, from the start of the call', () => {
    const sdk = startTestSdk()
    withSpan('work', () => {
      const call = startCall()
      call.startAttempt(url).end(503)
      call.startAttempt(url).end(0, new AttemptTimeoutError('slow', { phase: 'waiting' }))
      call.startAttempt(url).end(200)
      call.end(false)
    })
    const { 'http.request.resend_count': none, ...resends } = Object.fromEntries(
      sdk.facts().map(({ attributes }, index) => [`span ${index}`, attributes['http.request.resend_count']]),
    )
    expect(none).toBeUndefined()
    expect(Object.values(resends)).toEqual([undefined, 1, 2, undefined, undefined])
    expect(sdk.facts()).toMatchObject([
      { name: 'GET /orders/{id}', parent: 'orders.getOrder', status: 'ERROR' },
      { name: 'GET /orders/{id}', parent: 'orders.getOrder', status: 'ERROR' },
      { name: 'GET /orders/{id}', parent: 'orders.getOrder', status: 'UNSET' },
      {
        name: 'orders.getOrder',
        kind: 'INTERNAL',
        parent: 'work',
        status: 'UNSET',
        attributes: {
          'holdfast.dependency': 'orders',
          'holdfast.operation': 'getOrder',
          'holdfast.attempts': 3,
        },
      },
      { name: 'work' },
    ])
    expect(new Set(sdk.spans().map((span) => span.spanContext().traceId)).size).toBe(1)
  })

  it('is the root of its trace where nothing surrounds it', () => {
    const sdk = startTestSdk()
    const call = startCall()
    call.startAttempt(url).end(503)
    call.startAttempt(url).end(503)
    call.end(true, unavailable)
    expect(sdk.facts().map(({ parent }) => parent)).toEqual(['orders.getOrder', 'orders.getOrder', undefined])
    expect(sdk.named('orders.getOrder').attributes['error.type']).toBe('503')
    expect(new Set(sdk.spans().map((span) => span.spanContext().traceId)).size).toBe(1)
  })

  it('holds the times at which each attempt ended', async () => {
    const sdk = startTestSdk()
    const call = startCall()
    call.startAttempt(url).end(503)
    await new Promise((resolve) => setTimeout(resolve, 30))
    call.startAttempt(url).end(200)
    call.end(false)
    const milliseconds = ({ duration: [seconds, nanos] }: { duration: readonly number[] }) =>
      (seconds ?? 0) * 1e3 + (nanos ?? 0) / 1e6
    const [first] = sdk.spans()
    expect(milliseconds(first as never)).toBeLessThan(15)
    expect(milliseconds(sdk.named('orders.getOrder'))).toBeGreaterThan(25)
  })

  it('surrounds attempts that run side by side', () => {
    const sdk = startTestSdk()
    const call = startCall()
    const slow = call.startAttempt(url)
    call.startAttempt(url).end(200)
    slow.end(0, new AbortedError())
    call.end(false)
    expect(sdk.facts()).toMatchObject([
      { parent: 'orders.getOrder', attributes: { 'http.request.resend_count': 1 } },
      { parent: 'orders.getOrder', status: 'UNSET' },
      { name: 'orders.getOrder' },
    ])
  })

  it('is not sampled anew for the second attempt', () => {
    const sdk = startTestSdk(new AlwaysOffSampler())
    const call = startCall()
    const headers: Record<string, string>[] = [{}, {}]
    for (const carrier of headers) {
      const attempt = call.startAttempt(url)
      attempt.inject(carrier)
      attempt.end(503)
    }
    call.end(false)
    const [first, second] = headers.map(({ traceparent = '' }) => traceparent.split('-'))
    expect(second?.[1]).toBe(first?.[1])
    expect(second?.[3]).toBe('00')
    expect(sdk.spans()).toHaveLength(0)
  })

  it('links to the first attempt where spans are of another make', () => {
    const sdk = startTestSdk()
    const { provider } = sdk
    const real = provider.getTracer('@holdfast/core')
    const tracer = {
      startSpan: (...args: Parameters<typeof real.startSpan>) => {
        const span = real.startSpan(...args)
        Object.defineProperty(span, 'parentSpanContext', { writable: false })
        return span
      },
    }
    trace.disable()
    trace.setGlobalTracerProvider({ getTracer: () => tracer as never })
    const call = startCall()
    call.startAttempt(url).end(503)
    call.startAttempt(url).end(200)
    call.end(false)
    const [first] = sdk.spans()
    expect(sdk.facts().map(({ parent }) => parent)).toEqual([undefined, 'orders.getOrder', undefined])
    expect(sdk.named('orders.getOrder').links[0]?.context).toEqual(first?.spanContext())
  })
})

describe('headers of an attempt', () => {
  it('carry a span of their own each, in place of the trace that came in', () => {
    const sdk = startTestSdk()
    const call = startCall()
    const sent = [1, 2].map(() => {
      const headers: Record<string, string> = { traceparent: 'old', tracestate: 'a=1', accept: '*/*' }
      const attempt = call.startAttempt(url)
      attempt.inject(headers)
      attempt.end(503)
      return headers
    })
    call.end(false)
    const [first, second] = sdk.spans()
    expect(sent).toEqual([
      { traceparent: traceparentOf(first as never), accept: '*/*' },
      { traceparent: traceparentOf(second as never), accept: '*/*' },
    ])
  })

  it('go on with the trace of a message, which is in the request context only', () => {
    const sdk = startTestSdk()
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
    const traceparent = `00-${traceId}-00f067aa0ba902b7-01`
    const headers: Record<string, string> = {}
    runWithContext({ traceparent, tracestate: 'vendor=1', baggage: 'tenant=7' }, () => {
      const call = startCall()
      const attempt = call.startAttempt(url)
      attempt.inject(headers)
      attempt.end(200)
      call.end(false)
      withSpan('consume', () => {})
    })
    expect(sdk.facts().map(({ parent }) => parent)).toEqual(['00f067aa0ba902b7', '00f067aa0ba902b7'])
    expect(headers).toMatchObject({ tracestate: 'vendor=1', baggage: 'tenant=7' })
    expect(headers.traceparent).toContain(traceId)
  })
})

describe('suppression', () => {
  it('is that of the SDK', () => {
    startTestSdk()
    const attempt = startCall().startAttempt(url)
    expect(attempt.run(() => isSuppressedByCore(context.active()))).toBe(true)
    expect(attempt.run(() => trace.getActiveSpan()?.spanContext().spanId)).toBe(attempt.ids?.spanId)
    expect(isSuppressedByCore(context.active())).toBe(false)
  })

  it('of a whole piece of work leaves its calls without spans', () => {
    startTestSdk()
    context.with(suppressTracing(ROOT_CONTEXT), () => {
      expect(getOrder.startCall(0)).toBeUndefined()
    })
  })
})

describe('without an SDK', () => {
  it('nothing is traced, until there is one', () => {
    expect(getOrder.startCall(0)).toBeUndefined()
    const sdk = startTestSdk()
    const call = startCall()
    call.startAttempt(url).end(200)
    call.end(false)
    expect(sdk.spans()).toHaveLength(1)
  })
})
