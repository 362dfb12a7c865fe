import assert from 'node:assert/strict'
import { once } from 'node:events'
import { currentContext } from '../../telemetry/context/index.js'
import type { ConformanceCase, ConformanceRoute } from './conformance-adapter.js'
import { onStage, received } from './stage.js'

const whoami: ConformanceRoute = {
  method: 'GET',
  path: '/whoami',
  handle: () => {
    const { baggage, correlationId, priority, route, traceparent, tracestate } = currentContext() ?? {}
    return { baggage, correlationId, priority, route, traceparent, tracestate }
  },
}
const uuid = /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[\da-f]{4}-[\da-f]{12}$/
const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'

type Facts = Readonly<Record<string, unknown>>

/** Correlation ids and trace context that are not what they should be. */
const badIds = {
  'too short': 'x-correlation-id: short',
  'too long': `x-correlation-id: ${'a'.repeat(10_000)}`,
  'with a space': 'x-correlation-id: abcdefgh ijkl',
  'given twice': 'x-correlation-id: abcdefgh1\r\nx-correlation-id: abcdefgh2',
  'not ASCII': 'x-correlation-id: caf\u00e9-caf\u00e9-caf\u00e9',
  'a header in a header': 'x-correlation-id: abcdefgh%0d%0aset-cookie:a=b',
}

const badTraceparents = [
  'nonsense',
  traceparent.toUpperCase(),
  traceparent.replace(/^00/, 'ff'),
  `${traceparent}-more`,
  '00-00000000000000000000000000000000-b7ad6b7169203331-01',
  '00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01',
  `00-${'a'.repeat(10_000)}-01`,
]

export const correlationCases: readonly ConformanceCase[] = [
  {
    name: 'makes a correlation id, echoes it, logs it',
    run: (adapter) =>
      onStage(adapter, [whoami], async ({ get, requestLines }) => {
        const response = await get('/whoami')
        const { correlationId, route } = (await response.json()) as Facts
        assert.match(String(correlationId), uuid)
        assert.equal(route, '/whoami')
        assert.equal(response.headers.get('x-correlation-id'), correlationId)
        const [line] = await requestLines(1)
        assert.equal(line?.correlation_id, correlationId)
      }),
  },
  {
    name: 'takes a well-formed x-correlation-id, then x-request-id',
    run: (adapter) =>
      onStage(adapter, [whoami], async ({ get }) => {
        const own = await get('/whoami', {
          headers: { 'x-correlation-id': 'order-4711', 'x-request-id': 'proxy-4711' },
        })
        assert.equal(own.headers.get('x-correlation-id'), 'order-4711')
        const proxys = await get('/whoami', { headers: { 'x-request-id': 'proxy-4711' } })
        assert.equal(((await proxys.json()) as Facts).correlationId, 'proxy-4711')
      }),
  },
  ...Object.entries(badIds).map(([what, header]) => ({
    name: `replaces a correlation id that is ${what}`,
    run: (adapter: Parameters<ConformanceCase['run']>[0]) =>
      onStage(adapter, [whoami], async (stage) => {
        const socket = stage.connect()
        await once(socket, 'connect')
        socket.write(`GET /whoami HTTP/1.1\r\nhost: a\r\n${header}\r\nconnection: close\r\n\r\n`, 'latin1')
        const answer = await received(socket)
        assert.match(answer, /^HTTP\/1\.1 200 /)
        const echoed = /^x-correlation-id: (.*)\r$/im.exec(answer)?.[1]
        assert.match(String(echoed), uuid)
        const [line] = await stage.requestLines(1)
        assert.equal(line?.correlation_id, echoed)
        assert.doesNotMatch(answer, /set-cookie/i)
      }),
  })),
  {
    name: 'passes on W3C trace context and baggage, and logs the trace',
    run: (adapter) =>
      onStage(adapter, [whoami], async ({ get, requestLines }) => {
        const headers = { traceparent, tracestate: 'vendor=1', baggage: 'tenant=acme' }
        const facts = (await (await get('/whoami', { headers })).json()) as Facts
        assert.deepEqual(
          { traceparent: facts.traceparent, tracestate: facts.tracestate, baggage: facts.baggage },
          headers,
        )
        const [line] = await requestLines(1)
        assert.equal(line?.trace_id, '0af7651916cd43dd8448eb211c80319c')
      }),
  },
  {
    name: 'drops a traceparent that is malformed, whatever is wrong with it',
    run: (adapter) =>
      onStage(adapter, [whoami], async ({ get }) => {
        for (const bad of badTraceparents) {
          const response = await get('/whoami', { headers: { traceparent: bad, tracestate: 'vendor=1' } })
          const facts = (await response.json()) as Facts
          assert.equal(facts.traceparent, undefined, bad.slice(0, 80))
          assert.equal(facts.tracestate, undefined)
        }
      }),
  },
  {
    name: 'believes nothing where trustInbound is false',
    run: (adapter) =>
      onStage(
        adapter,
        [whoami],
        async ({ get }) => {
          const headers = { 'x-correlation-id': 'order-4711', traceparent, 'x-request-priority': 'critical' }
          const facts = (await (await get('/whoami', { headers })).json()) as Facts
          assert.match(String(facts.correlationId), uuid)
          assert.deepEqual([facts.traceparent, facts.priority], [undefined, 'default'])
        },
        { trustInbound: false },
      ),
  },
]
