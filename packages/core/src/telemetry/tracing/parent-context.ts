import { type Context, context, defaultTextMapGetter, propagation, trace } from '@opentelemetry/api'
import { contextStorage } from '../context/index.js'
import { guarded } from './guarded.js'

/**
 * The context that a new span belongs into: the active one, or else the trace that the request context carries, as that
 * of a message or of a request that came before the SDK was started.
 */
export function parentContext(): Context {
  const active = context.active()
  if (trace.getSpanContext(active) !== undefined) return active
  const inherited = contextStorage.getStore()?.trace
  if (inherited?.traceparent === undefined) return active
  return guarded(() => propagation.extract(active, inherited, defaultTextMapGetter), active)
}
