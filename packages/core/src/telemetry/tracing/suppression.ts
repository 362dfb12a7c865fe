import { type Context, createContextKey } from '@opentelemetry/api'

// The key of @opentelemetry/core, which is part of an SDK and may be absent; keys of one name are the same key.
const suppressTracingKey = createContextKey('OpenTelemetry SDK Context Key SUPPRESS_TRACING')

/** A context in which instrumentation makes no spans and writes no headers. */
export function suppressTracing(context: Context): Context {
  return context.setValue(suppressTracingKey, true)
}

export function isTracingSuppressed(context: Context): boolean {
  return context.getValue(suppressTracingKey) === true
}
