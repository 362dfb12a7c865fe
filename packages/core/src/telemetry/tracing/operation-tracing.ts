import { context } from '@opentelemetry/api'
import { activeTracer } from './active-tracer.js'
import { CallTrace, type SpanTemplates } from './call-trace.js'
import { methodAttributes, spanName } from './http-method.js'
import { parentContext } from './parent-context.js'
import { serverAttributes } from './server-attributes.js'
import type { SpanAttributeValues } from './span-attributes.js'
import { isTracingSuppressed } from './suppression.js'

/** What the spans of one operation have in common. */
export interface TracedOperation {
  readonly dependency: string
  readonly operation: string
  readonly method: string
  /** The template of the path; `undefined` when there is none, as in `createFetch`. */
  readonly template: string | undefined
  /** Scheme, host and port; `undefined` where they are others for each attempt, and only the name is always the same. */
  readonly origin: string | undefined
}

/** Makes the spans of the calls of one operation. */
export class OperationTracing implements SpanTemplates {
  readonly attemptName: string
  readonly operationName: string
  readonly attemptAttributes: SpanAttributeValues
  readonly operationAttributes: SpanAttributeValues
  readonly tellsPeers: boolean

  constructor({ dependency, operation, method, template, origin }: TracedOperation) {
    this.tellsPeers = origin === undefined
    this.attemptName = spanName(method, template)
    this.operationName = `${dependency}.${operation}`
    this.operationAttributes = { 'holdfast.dependency': dependency, 'holdfast.operation': operation }
    this.attemptAttributes = {
      ...methodAttributes(method),
      ...(origin === undefined ? { 'server.address': dependency } : serverAttributes(origin)),
      ...(template === undefined ? undefined : { 'url.template': template }),
      ...this.operationAttributes,
    }
  }

  /**
   * The trace of a call; `undefined` when nothing is to be traced: without an OpenTelemetry SDK, and in work of which
   * somebody wants no spans.
   * @param startedAt - by `performance.now()`
   */
  startCall(startedAt: number): CallTrace | undefined {
    const tracer = activeTracer()
    if (tracer === undefined || isTracingSuppressed(context.active())) return undefined
    return new CallTrace(this, tracer, parentContext(), startedAt)
  }
}
