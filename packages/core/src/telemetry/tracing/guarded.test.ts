import { propagation } from '@opentelemetry/api'
import { NodeTracerProvider, type SpanProcessor } from '@opentelemetry/sdk-trace-node'
import { expect, it, onTestFinished } from 'vitest'
import { stopTracing } from '../../../test/fixtures/spans.js'
import { runWithContext } from '../context/index.js'
import { OperationTracing, startServerSpan, withSpan } from './index.js'

const settled = () => Promise.resolve()
const broken = () => {
  throw new Error('broken')
}
const tracing = new OperationTracing({
  dependency: 'orders',
  operation: 'getOrder',
  method: 'GET',
  template: undefined,
  origin: 'http://orders',
})
const inbound = {
  traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
  tracestate: undefined,
  baggage: undefined,
}

function registerBroken(processor: Partial<SpanProcessor>): void {
  const whole = { onStart() {}, onEnd() {}, forceFlush: settled, shutdown: settled, ...processor }
  new NodeTracerProvider({ spanProcessors: [whole] }).register({
    propagator: { inject: broken, extract: broken, fields: () => [] },
  })
  onTestFinished(stopTracing)
}

it.each([
  ['begins', { onStart: broken }],
  ['ends', { onEnd: broken }],
])('a processor that throws when a span %s, and a broken propagator, harm nobody', (_, processor) => {
  registerBroken(processor)
  expect(() => propagation.inject({} as never, {})).toThrow('broken')
  const headers = { accept: '*/*' }
  runWithContext(inbound, () => {
    const server = startServerSpan({ headers: {} }, inbound)
    const call = tracing.startCall(performance.now())
    for (const status of [503, 200]) {
      const attempt = call?.startAttempt('http://orders/1')
      attempt?.inject(headers)
      expect(attempt?.run(() => 'sent')).toBe('sent')
      attempt?.end(status)
    }
    call?.end(false)
    expect(withSpan('work', () => 7)).toBe(7)
    server?.end({ status: 200, route: '/orders' })
  })
  expect(headers).toEqual({ accept: '*/*' })
})
