import { context } from '@opentelemetry/api'
import { activeTracer } from './active-tracer.js'
import { CallTrace, type SpanTemplates } from './call-trace.js'
import { methodAttributes, spanName } from './http-method.js'
import { parentContext } from './parent-context.js'
import type { SpanAttributeValues } from './span-attributes.js'
import { isTracingSuppressed } from './suppression.js'

/** What the spans of one operation have in common. */
export interface TracedOperation {
  readonly dependency: string
  readonly operation: string
  readonly method: string
  /** The template of the path; `undefined` when there is none, as in `createFetch`. */
  readonly template: string | undefined
  /** Scheme, host and port by the dependency's own name, wherever its endpoints are. */
  readonly origin: string
}

const schemePorts: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443 }

/** Makes the spans of the calls of one operation. */
export class OperationTracing implements SpanTemplates {
  readonly attemptName: string
  readonly operationName: string
  readonly attemptAttributes: SpanAttributeValues
  readonly operationAttributes: SpanAttributeValues

  constructor({ dependency, operation, method, template, origin }: TracedOperation) {
    const { hostname, port, protocol } = new URL(origin)
    this.attemptName = spanName(method, template)
    this.operationName = `${dependency}.${operation}`
    this.operationAttributes = { 'holdfast.dependency': dependency, 'holdfast.operation': operation }
    this.attemptAttributes = {
      ...methodAttributes(method),
      'server.address': hostname.replace(/^\[|\]$/g, ''),
      'server.port': port === '' ? (schemePorts[protocol] ?? 0) : Number(port),
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
