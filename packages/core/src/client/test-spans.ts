import { context, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import {
  InMemorySpanExporter,
  NodeTracerProvider,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-node'
import { onTestFinished } from 'vitest'

/** Starts an OpenTelemetry SDK until the test ends; the returned function gives the spans that have ended. */
export function startTestSdk(): () => readonly ReadableSpan[] {
  const exporter = new InMemorySpanExporter()
  const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] })
  provider.register()
  onTestFinished(async () => {
    await provider.shutdown()
    for (const api of [trace, context, propagation]) api.disable()
  })
  return () => exporter.getFinishedSpans()
}

/** Spans as tests compare them, each with the name of its parent. */
export function factsOf(spans: readonly ReadableSpan[]) {
  const names = new Map(spans.map((span) => [span.spanContext().spanId, span.name]))
  return spans.map(({ name, kind, status, attributes, parentSpanContext }) => ({
    name,
    kind: SpanKind[kind],
    status: SpanStatusCode[status.code],
    parent: names.get(parentSpanContext?.spanId ?? ''),
    attributes,
  }))
}
