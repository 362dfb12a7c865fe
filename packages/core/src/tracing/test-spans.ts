import { context, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import {
  InMemorySpanExporter,
  NodeTracerProvider,
  type ReadableSpan,
  type Sampler,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-node'
import { onTestFinished } from 'vitest'

/** Spans as tests compare them. */
export interface SpanFacts {
  readonly name: string
  readonly kind: string | undefined
  readonly parent: string | undefined
  readonly status: string | undefined
  readonly attributes: Record<string, unknown>
}

/** An SDK for the running test, and what it has exported. */
export interface TestSdk {
  readonly provider: NodeTracerProvider
  /** In the order in which they ended. */
  spans(): readonly ReadableSpan[]
  named(name: string): ReadableSpan
  /** Each with the name of its parent. */
  facts(): readonly SpanFacts[]
}

/** Starts an SDK that keeps its spans, until the test ends. */
export function startTestSdk(sampler?: Sampler): TestSdk {
  const exporter = new InMemorySpanExporter()
  const provider = new NodeTracerProvider({
    spanProcessors: [new SimpleSpanProcessor(exporter)],
    ...(sampler === undefined ? undefined : { sampler }),
  })
  provider.register()
  onTestFinished(async () => {
    await provider.shutdown()
    stopTracing()
  })
  const spans = () => exporter.getFinishedSpans()
  return {
    provider,
    spans,
    named(name) {
      const found = spans().find((span) => span.name === name)
      if (found === undefined) throw new Error(`no span ${name} among ${spans().map((span) => span.name)}`)
      return found
    },
    facts: () => spans().map((span) => factsOf(span, spans())),
  }
}

/** Takes off whatever SDK is registered. */
export function stopTracing(): void {
  trace.disable()
  context.disable()
  propagation.disable()
}

function factsOf(span: ReadableSpan, all: readonly ReadableSpan[]): SpanFacts {
  const parentId = span.parentSpanContext?.spanId
  const parent = all.find((candidate) => candidate.spanContext().spanId === parentId)
  return {
    name: span.name,
    kind: SpanKind[span.kind],
    parent: parent?.name ?? parentId,
    status: SpanStatusCode[span.status.code],
    attributes: span.attributes,
  }
}
