import { type Attributes, context, type Span, trace } from '@opentelemetry/api'
import { isThenable } from '../../foundation/cancellation/index.js'
import { activeTracer } from './active-tracer.js'
import { guarded, noSpan } from './guarded.js'
import { parentContext } from './parent-context.js'
import { endSpan } from './span-outcome.js'

/**
 * Runs `fn` inside a span of its own, which ends when the returned promise settles, or at once. What `fn` throws marks
 * the span as failed and is thrown on; an abort is no failure. Without an OpenTelemetry SDK `fn` just runs.
 *
 * @example
 * ```ts
 * import { withSpan } from '@holdfast/core'
 *
 * const total = await withSpan('add up', async (span) => {
 *   span.setAttribute('shop.items', 3)
 *   return 12
 * })
 * console.log(total) // 12
 * ```
 */
export function withSpan<Result>(name: string, fn: (span: Span) => Result, attributes?: Attributes): Result {
  const tracer = activeTracer()
  if (tracer === undefined) return fn(noSpan)
  const parent = parentContext()
  const options = attributes === undefined ? {} : { attributes }
  const span = guarded(() => tracer.startSpan(name, options, parent), noSpan)
  try {
    const result = context.with(trace.setSpan(parent, span), () => fn(span))
    if (isThenable(result)) return endWith(span, result) as Result
    endSpan(span, undefined, false)
    return result
  } catch (error) {
    endSpan(span, error, true)
    throw error
  }
}

function endWith<Value>(span: Span, pending: PromiseLike<Value>): PromiseLike<Value> {
  return pending.then(
    (value) => {
      endSpan(span, undefined, false)
      return value
    },
    (error) => {
      endSpan(span, error, true)
      throw error
    },
  )
}
