import { type Context, context, propagation, type Span } from '@opentelemetry/api'
import type { TraceIds } from '../context/index.js'
import { traceIdsOfSpan } from './active-trace-ids.js'
import { guarded } from './guarded.js'
import { errorTypeOf, fail, isAbort } from './span-outcome.js'
import { suppressTracing } from './suppression.js'

/** The call that an attempt belongs to, which ends its span. */
export interface AttemptOwner {
  attemptEnded(span: Span): void
}

/** The span of one attempt, and what sends it on. */
export class AttemptSpan {
  readonly #call: AttemptOwner
  readonly #span: Span
  readonly #context: Context
  #isEnded = false

  constructor(call: AttemptOwner, span: Span, spanContext: Context) {
    this.#call = call
    this.#span = span
    this.#context = spanContext
  }

  get ids(): TraceIds | undefined {
    return traceIdsOfSpan(this.#span)
  }

  /** Writes the span into the headers of its request, in place of the trace that they may have carried on. */
  inject(headers: Record<string, string>): void {
    const carrier: Record<string, string> = {}
    guarded(() => propagation.inject(this.#context, carrier), undefined)
    if (carrier.traceparent !== undefined) delete headers.tracestate
    Object.assign(headers, carrier)
  }

  /** Runs what sends the request: instrumentation of undici or http beside us keeps still meanwhile. */
  run<Result>(send: () => Result): Result {
    return context.with(suppressTracing(this.#context), send)
  }

  /**
   * The attempt is over, once. `status` is 0 when there was no response.
   *
   * To a client an error status is an error; that its caller has gone is none.
   */
  end(status: number, error?: unknown): void {
    if (this.#isEnded) return
    this.#isEnded = true
    guarded(() => {
      if (status !== 0) this.#span.setAttribute('http.response.status_code', status)
      if (status >= 400) fail(this.#span, `${status}`)
      else if (error !== undefined && !isAbort(error)) fail(this.#span, errorTypeOf(error), error)
      this.#call.attemptEnded(this.#span)
    }, undefined)
  }
}
