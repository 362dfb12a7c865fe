import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { registerInstrumentations } from '@opentelemetry/instrumentation'
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http'
import { UndiciInstrumentation } from '@opentelemetry/instrumentation-undici'
import type { ReadableSpan } from '@opentelemetry/sdk-trace-node'
import { Pool } from 'undici'
import { expect, onTestFinished, test } from 'vitest'
import { startTestSdk } from '../../../test/fixtures/spans.js'
import { noTrace } from '../context/index.js'
import { OperationTracing, startServerSpan } from './index.js'

/** The values of every `traceparent` header of a request, as sent. */
function traceparents(rawHeaders: readonly string[]): string[] {
  return rawHeaders.filter(
    (_, index) => rawHeaders[index - 1]?.toLowerCase() === 'traceparent' && index % 2 === 1,
  )
}

/** A real server whose requests are traced by us, and how often each brought a `traceparent`. */
async function tracedServer(connections: number) {
  const received: string[][] = []
  const server = createServer((request, response) => {
    received.push(traceparents(request.rawHeaders))
    const span = startServerSpan(request, noTrace)
    response.once('finish', () => span?.end({ status: 200, route: '/orders/{id}' }))
    setTimeout(() => response.end('{}'), 2)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const pool = new Pool(origin, { connections })
  onTestFinished(async () => {
    await pool.close()
    server.closeAllConnections()
    server.close()
  })
  return { origin, pool, received }
}

function instrument() {
  const instrumentations = [new HttpInstrumentation(), new UndiciInstrumentation()]
  onTestFinished(registerInstrumentations({ instrumentations }))
  // It patches what is required from now on; the classes are those that `import` gives.
  createRequire(import.meta.url)('node:http')
}

const ofKind = (spans: readonly ReadableSpan[], kind: number) => spans.filter((span) => span.kind === kind)
const scopes = (spans: readonly ReadableSpan[]) => [
  ...new Set(spans.map((span) => span.instrumentationScope.name)),
]

test('one CLIENT span, one SERVER span and one traceparent for each attempt, also of queued ones', async () => {
  const sdk = startTestSdk()
  instrument()
  const { origin, pool, received } = await tracedServer(2)
  const method = 'GET'
  const tracing = new OperationTracing({
    dependency: 'orders',
    operation: 'getOrder',
    method,
    template: '/orders/{id}',
    origin,
  })
  const attempts = Array.from({ length: 12 }, async (_, id) => {
    const path = `/orders/${id}`
    const call = tracing.startCall(performance.now())
    const attempt = call?.startAttempt(origin + path)
    const headers: Record<string, string> = {}
    attempt?.inject(headers)
    const response = await attempt?.run(() => pool.request({ path, method, headers }))
    await response?.body.dump()
    attempt?.end(response?.statusCode ?? 0)
    call?.end(false)
  })
  await Promise.all(attempts)
  await expect.poll(() => sdk.spans().length).toBe(24)
  const clients = ofKind(sdk.spans(), 2)
  const servers = ofKind(sdk.spans(), 1)
  expect(scopes(clients)).toEqual(['@holdfast/core'])
  expect(scopes(servers)).toEqual(['@opentelemetry/instrumentation-http'])
  expect(received.map((headers) => headers.length)).toEqual(Array(12).fill(1))
  const clientIds = clients.map((span) => span.spanContext().spanId).sort()
  expect(servers.map((span) => span.parentSpanContext?.spanId).sort()).toEqual(clientIds)
  expect(servers.map(({ name }) => name)).toEqual(Array(12).fill('GET /orders/{id}'))
})

test('instrumentation goes on for requests that are not ours', async () => {
  const sdk = startTestSdk()
  instrument()
  const { pool, received } = await tracedServer(1)
  const response = await pool.request({ path: '/', method: 'GET' })
  await response.body.dump()
  await expect.poll(() => sdk.spans().length).toBe(2)
  expect(scopes(ofKind(sdk.spans(), 2))).toEqual(['@opentelemetry/instrumentation-undici'])
  expect(received).toEqual([[expect.any(String)]])
})
