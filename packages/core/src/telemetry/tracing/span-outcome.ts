import { type Span, SpanStatusCode } from '@opentelemetry/api'
import { isHoldfastError } from '../../foundation/errors/index.js'
import { guarded } from './guarded.js'

const maxMessageLength = 256

/** Whether `error` only says that nobody wanted the result any more, which is no failure of anything. */
export function isAbort(error: unknown): boolean {
  return isHoldfastError(error, 'ABORTED') || (error instanceof Error && error.name === 'AbortError')
}

/** The `error.type` of an error: the code of ours, the status behind an error status, the name of any other. */
export function errorTypeOf(error: unknown): string {
  if (isHoldfastError(error, 'HTTP_STATUS')) return `${error.status}`
  if (isHoldfastError(error)) return error.code
  return error instanceof Error && error.name !== '' ? error.name : '_OTHER'
}

/** Marks a span as failed. A status speaks for itself; of other errors ours are known to hold no secrets. */
export function fail(span: Span, errorType: string, error?: unknown): void {
  span.setAttribute('error.type', errorType)
  const isTold = isHoldfastError(error) && error.code !== 'HTTP_STATUS'
  span.setStatus(
    isTold
      ? { code: SpanStatusCode.ERROR, message: error.message.slice(0, maxMessageLength) }
      : { code: SpanStatusCode.ERROR },
  )
}

/** Ends a span by how its work went; one that was aborted is no failure. */
export function endSpan(span: Span, error: unknown, isFailed: boolean): void {
  guarded(() => {
    if (isFailed && !isAbort(error)) fail(span, errorTypeOf(error), error)
    span.end()
  }, undefined)
}
