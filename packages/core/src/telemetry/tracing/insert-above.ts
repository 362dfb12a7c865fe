import { type Context, type Link, type Span, type SpanContext, trace } from '@opentelemetry/api'

/** A span of the SDK, whose parent is plain data until the span ends. */
type MovableSpan = Span & { parentSpanContext: SpanContext | undefined }

/**
 * Makes a span that takes the place of `span` in its trace, with `span` below it. The API has no way to do so, since a
 * parent must be there first; the SDK reads the parent when it exports. A span of another make stays where it is, and
 * the new one links to it.
 */
export function insertAbove(
  span: Span,
  parent: Context,
  start: (parent: Context, links: Link[]) => Span,
): Span {
  const linked = () => start(parent, [{ context: span.spanContext() }])
  if (!isMovable(span)) return linked()
  // Below `span` first: that way a root's trace goes on, and the sampler decides as it did.
  const above = start(trace.setSpan(parent, span), [])
  if (!above.isRecording() || !isMovable(above)) return above
  above.parentSpanContext = span.parentSpanContext
  span.parentSpanContext = above.spanContext()
  return above
}

function isMovable(span: Span): span is MovableSpan {
  return Object.getOwnPropertyDescriptor(span, 'parentSpanContext')?.writable === true
}
