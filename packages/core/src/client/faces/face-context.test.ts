import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { factsOf, startTestSdk } from '../../../test/fixtures/client-spans.js'
import { echoServer } from '../../../test/fixtures/echo.js'
import { faces, failureOf, openFetch } from '../../../test/fixtures/faces.js'
import { runWithContext } from '../../telemetry/context/index.js'

const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
const given = { correlationId: 'order-4711', traceparent, tracestate: 'a=1', baggage: 'b=2' }
const propagate = ['127.0.0.1']
const carriedNames = [
  'x-correlation-id',
  'traceparent',
  'tracestate',
  'baggage',
  'x-request-priority',
  'x-request-timeout-ms',
]

describe.each(faces)('%s inside a request', (_, open) => {
  it('carries on correlation, trace, baggage, priority and the time that is left', async () => {
    const { url, seen } = await echoServer()
    const { request } = open({ propagate })
    await runWithContext({ ...given, priority: 'batch', timeoutMs: 5_000 }, () => request(url))
    const headers = seen[0]?.headers
    expect(headers).toMatchObject({
      'x-correlation-id': 'order-4711',
      traceparent,
      tracestate: 'a=1',
      baggage: 'b=2',
      'x-request-priority': 'batch',
    })
    expect(Number(headers?.['x-request-timeout-ms'])).toBeGreaterThan(0)
    expect(Number(headers?.['x-request-timeout-ms'])).toBeLessThanOrEqual(5_000)
  })

  it('lets the headers of the request win, and mixes no two traces', async () => {
    const { url, seen } = await echoServer()
    const { request } = open({ propagate })
    const own = { 'X-Correlation-Id': 'mine-1234', traceparent: traceparent.replace('b7', 'c8') }
    await runWithContext(given, () => request(url, { headers: own }))
    expect(seen[0]?.headers).toMatchObject({
      'x-correlation-id': 'mine-1234',
      traceparent: own.traceparent,
      baggage: 'b=2',
    })
    expect(seen[0]?.headers).not.toHaveProperty('tracestate')
  })

  it.each<[string, object]>([
    ['by default', {}],
    ['when it is not on the list', { propagate: ['orders', '*.internal'] }],
    ['when none is', { propagate: false }],
  ])('tells a foreign host nothing %s', async (_, options) => {
    const spans = startTestSdk()
    const { url, seen } = await echoServer()
    const { request } = open(options)
    await runWithContext({ ...given, priority: 'batch', timeoutMs: 5_000 }, () => request(url))
    for (const name of carriedNames) expect(seen[0]?.headers).not.toHaveProperty(name)
    expect(spans()).toHaveLength(1)
  })

  it('sends nothing outside of one', async () => {
    const { url, seen } = await echoServer()
    await open({ propagate: true }).request(url)
    for (const name of carriedNames) expect(seen[0]?.headers).not.toHaveProperty(name)
  })

  it('takes no longer than the request has left', async () => {
    const { url, seen } = await echoServer(() => {})
    const { request } = open()
    const call = runWithContext({ timeoutMs: 60 }, () => failureOf(request(url)))
    expect(await call).toMatchObject({ code: 'DEADLINE_EXCEEDED', attempts: 1 })
    expect(seen).toHaveLength(1)
  })

  it('is not sent when the request has no time left', async () => {
    const { url, seen } = await echoServer()
    const { request } = open()
    const call = runWithContext({ timeoutMs: 1 }, () => {
      const until = performance.now() + 5
      while (performance.now() < until);
      return failureOf(request(url))
    })
    expect(await call).toMatchObject({ code: 'DEADLINE_EXCEEDED', attempts: 0, operation: 'GET' })
    expect(seen).toHaveLength(0)
  })

  it('ends when the caller leaves, before the answer', async () => {
    const { url, seen } = await echoServer(() => {})
    const caller = new AbortController()
    const { request } = open()
    const call = runWithContext({ signal: caller.signal }, () => failureOf(request(url)))
    while (seen.length === 0) await turn()
    caller.abort(new Error('left'))
    expect(await call).toMatchObject({ code: 'ABORTED', attempts: 1, operation: 'GET' })
  })

  it('ends when the caller leaves, while the body streams', async () => {
    const leave = new AbortController()
    const { url } = await echoServer((_, response) => {
      response.write('begun')
      setTimeout(() => leave.abort(), 20)
    })
    const { request } = open()
    const call = runWithContext({ signal: leave.signal }, () => failureOf(request(url)))
    expect(await call).toMatchObject({ code: 'ABORTED', phase: 'reading' })
  })

  it('has the priority that it was made with, before that of the request', async () => {
    const { url, seen } = await echoServer()
    const { request } = open({ propagate, priority: 'batch' })
    await runWithContext({ priority: 'critical' }, () => request(url))
    await request(url)
    await open({ priority: 'batch' }).request(url)
    await request(url, { headers: { 'x-request-priority': 'critical' } })
    const told = seen.map(({ headers }) => headers['x-request-priority'])
    expect(told).toEqual(['batch', 'batch', undefined, 'critical'])
  })

  it('says in its events for whom', async () => {
    const { url } = await echoServer((_, response, count) => {
      response.statusCode = count === 1 ? 503 : 200
      response.end()
    })
    const { request, controls } = open()
    const ids: unknown[] = []
    controls.$on('retry', ({ correlationId }) => ids.push(correlationId))
    await runWithContext(given, () => request(url))
    expect(ids).toEqual(['order-4711'])
  })

  it('has one span and one traceparent for each attempt, and one around them', async () => {
    const spans = startTestSdk()
    const { url, seen, port } = await echoServer((_, response, count) => {
      response.statusCode = count === 1 ? 503 : 200
      response.end()
    })
    const { request } = open({ propagate })
    await runWithContext(given, () => request(`${url}/orders`))
    const around = `127.0.0.1:${port}.GET`
    expect(factsOf(spans())).toMatchObject([
      { name: 'GET', kind: 'CLIENT', parent: around, status: 'ERROR' },
      { name: 'GET', kind: 'CLIENT', parent: around, attributes: { 'http.request.resend_count': 1 } },
      { name: around, kind: 'INTERNAL', status: 'UNSET', attributes: { 'holdfast.attempts': 2 } },
    ])
    const sent = seen.map(({ rawHeaders }) => rawHeaders.filter((one) => /^00-/.test(one)))
    expect(sent).toEqual(
      spans()
        .slice(0, 2)
        .map((span) => [`00-${span.spanContext().traceId}-${span.spanContext().spanId}-01`]),
    )
  })

  it('marks the span around attempts that all answered with an error status as failed', async () => {
    const spans = startTestSdk()
    const { url, port } = await echoServer((_, response) => {
      response.statusCode = 503
      response.end()
    })
    const { request } = open({ retry: { maxAttempts: 2, baseMs: 1 } })
    expect((await request(url)).status).toBe(503)
    const around = factsOf(spans()).find(({ name }) => name === `127.0.0.1:${port}.GET`)
    expect(around?.attributes['error.type']).toBe('503')
  })
})

describe('the fetch', () => {
  it('carries on to its own host by default', async () => {
    const { url, seen } = await echoServer()
    const fetch = openFetch({ baseUrl: url })
    await runWithContext(given, () => fetch('/orders'))
    expect(seen[0]?.headers).toMatchObject({ 'x-correlation-id': 'order-4711', traceparent })
  })

  it('tells the host that a redirect leads to nothing, and traces it under its own name', async () => {
    const spans = startTestSdk()
    const foreign = await echoServer()
    const own = await echoServer((_, response) => response.writeHead(302, { location: foreign.url }).end())
    const fetch = openFetch({ baseUrl: own.url })
    await runWithContext({ ...given, timeoutMs: 5_000 }, () => fetch('/orders'))
    expect(own.seen[0]?.headers['x-correlation-id']).toBe('order-4711')
    for (const name of carriedNames) expect(foreign.seen[0]?.headers).not.toHaveProperty(name)
    expect(factsOf(spans()).map(({ attributes }) => attributes['server.port'])).toEqual([
      own.port,
      foreign.port,
    ])
  })
})
