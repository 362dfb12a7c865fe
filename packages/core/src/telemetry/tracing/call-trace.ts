import { type Context, type Span, SpanKind, type Tracer, trace } from '@opentelemetry/api'
import { redactUrl } from '../logging/index.js'
import { type AttemptOwner, AttemptSpan } from './attempt-span.js'
import { guarded, noSpan } from './guarded.js'
import { insertAbove } from './insert-above.js'
import { peerAttributes } from './server-attributes.js'
import type { SpanAttributeValues } from './span-attributes.js'
import { endSpan } from './span-outcome.js'

/** What the spans of an operation's calls begin with. */
export interface SpanTemplates {
  readonly attemptName: string
  readonly operationName: string
  readonly attemptAttributes: SpanAttributeValues
  readonly operationAttributes: SpanAttributeValues
  /** Whether each attempt goes to an endpoint of its own, of which its span tells. */
  readonly tellsPeers: boolean
}

/**
 * The spans of one call: one of each attempt, and one around them as soon as there is a second.
 *
 * Whether there will be a second is not known while the first is made, so the first is held back until the call ends or
 * is repeated, and then ends at the time at which it had ended.
 */
export class CallTrace implements AttemptOwner {
  readonly #templates: SpanTemplates
  readonly #tracer: Tracer
  readonly #startedAt: number
  #parent: Context
  #attempts = 0
  #first: Span | undefined = undefined
  #firstEndedAt: number | undefined = undefined
  #around: Span | undefined = undefined

  constructor(templates: SpanTemplates, tracer: Tracer, parent: Context, startedAt: number) {
    this.#templates = templates
    this.#tracer = tracer
    this.#parent = parent
    this.#startedAt = startedAt
  }

  /** The span of an attempt that is sent now. */
  startAttempt(url: string): AttemptSpan {
    const resends = this.#attempts++
    if (resends === 1) this.#openOperation()
    const { attemptName, attemptAttributes, tellsPeers } = this.#templates
    const attributes = {
      ...attemptAttributes,
      ...(tellsPeers ? peerAttributes(url) : undefined),
      'url.full': redactUrl(url),
      ...(resends === 0 ? undefined : { 'http.request.resend_count': resends }),
    }
    const options = { kind: SpanKind.CLIENT, attributes }
    const span = guarded(() => this.#tracer.startSpan(attemptName, options, this.#parent), noSpan)
    if (resends === 0) this.#first = span
    return new AttemptSpan(this, span, trace.setSpan(this.#parent, span))
  }

  /** For the attempts: `span` has all it needs. */
  attemptEnded(span: Span): void {
    if (span === this.#first) this.#firstEndedAt ??= performance.now()
    else span.end()
  }

  /** The call has settled. Attempts that still go on end by themselves. */
  end(isFailed: boolean, error?: unknown): void {
    this.#releaseFirst()
    if (this.#around === undefined) return
    this.#around.setAttribute('holdfast.attempts', this.#attempts)
    endSpan(this.#around, error, isFailed)
    this.#around = undefined
  }

  #openOperation(): void {
    const first = this.#first
    if (first?.isRecording()) {
      const { operationName, operationAttributes: attributes } = this.#templates
      const options = { startTime: this.#startedAt, attributes }
      this.#around = insertAbove(first, this.#parent, (parent, links) =>
        guarded(() => this.#tracer.startSpan(operationName, { ...options, links }, parent), noSpan),
      )
    }
    // One that is not recorded takes the others with it: they must not decide anew whether they are.
    const above = this.#around ?? first
    if (above !== undefined) this.#parent = trace.setSpan(this.#parent, above)
    this.#releaseFirst()
  }

  #releaseFirst(): void {
    const first = this.#first
    this.#first = undefined
    if (this.#firstEndedAt !== undefined) guarded(() => first?.end(this.#firstEndedAt), undefined)
  }
}
