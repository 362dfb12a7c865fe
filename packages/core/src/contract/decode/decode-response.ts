import { Readable } from 'node:stream'
import { InvalidResponseError, type Problem } from '../../foundation/errors/index.js'
import type { CollectedResponse } from '../../http/message/index.js'
import type { OnWarn, ValidateMode } from '../describe/compiled-operation.js'
import { outputSchemaFor } from '../describe/error-schemas.js'
import type { Operation, OutputSchemas, ResponseKind } from '../describe/operation.js'
import { problemsOf, runSchema } from '../describe/run-schema.js'
import { isStandardSchema, type SchemaResult, type StandardSchema } from '../describe/standard-schema.js'
import { parseJson } from './parse-json.js'
import { contentTypeOf, decodeText, isJson, jsonText, mayBeJson, snippetOf } from './response-text.js'

/** How the successes of an operation are read, worked out once. */
export interface ResponsePlan {
  readonly subject: string
  readonly kind: ResponseKind
  /** Whether `response` or `output` asks for JSON, so that anything else is a fault. */
  readonly strict: boolean
  readonly schema: StandardSchema | undefined
  readonly schemas: OutputSchemas | undefined
}

/** Plans how the successes of an operation are read. */
export function planResponse({ method, output, response }: Operation, subject: string): ResponsePlan {
  return {
    subject,
    kind: response ?? (method === 'HEAD' ? 'none' : 'json'),
    strict: response !== undefined || output !== undefined,
    schema: isStandardSchema(output) ? output : undefined,
    schemas: output === undefined || isStandardSchema(output) ? undefined : output,
  }
}

/** A 2xx response whose body has been collected, and how strict to be with it. */
interface Success {
  readonly plan: ResponsePlan
  readonly status: number
  readonly contentType: string
  readonly body: Buffer
  readonly validate: ValidateMode
  readonly onWarn: OnWarn | undefined
}

const emptyBody = Buffer.alloc(0)

/**
 * The data of a 2xx response.
 *
 * @throws {InvalidResponseError} `INVALID_RESPONSE` when it does not match the contract
 */
export function decodeSuccess(
  plan: ResponsePlan,
  response: CollectedResponse,
  validate: ValidateMode,
  onWarn: OnWarn | undefined,
): unknown {
  const { status, headers } = response
  if (plan.kind === 'none') return undefined
  const body = status === 204 || status === 205 ? emptyBody : (response.body ?? emptyBody)
  if (plan.kind === 'stream') return Readable.from(body.byteLength === 0 ? [] : [body], { objectMode: false })
  const success: Success = { plan, status, contentType: contentTypeOf(headers), body, validate, onWarn }
  return judge(success, readValue(success), schemaFor(success))
}

function schemaFor(success: Success): StandardSchema | undefined {
  const { plan, status, validate } = success
  if (plan.schemas === undefined || validate === 'off') return plan.schema
  const schema = outputSchemaFor(plan.schemas, status)
  if (schema === undefined) {
    complain(success, [
      {
        path: 'status',
        message: `${status} is not declared: output has ${Object.keys(plan.schemas).join(', ')}`,
      },
    ])
  }
  return schema
}

function readValue(success: Success): unknown {
  const { plan, status, contentType, body } = success
  if (plan.kind === 'bytes') return body
  if (plan.kind === 'text') return decodeText(body, contentType)
  if (body.byteLength === 0) {
    const allowed =
      status === 204 ||
      status === 205 ||
      !plan.strict ||
      plan.schema !== undefined ||
      plan.schemas !== undefined
    if (!allowed) complain(success, [{ path: 'body', message: 'is empty where JSON is declared' }])
    return undefined
  }
  if (!plan.strict && !isJson(contentType)) return decodeText(body, contentType)
  if (!mayBeJson(contentType)) {
    const message = `is '${contentType}' where JSON is declared: ${snippetOf(body)}`
    complain(success, [{ path: 'content-type', message }])
  }
  try {
    return parseJson(jsonText(body))
  } catch (cause) {
    throw invalid(success, [{ path: 'body', message: `is not JSON: ${snippetOf(body)}` }], cause)
  }
}

function judge(success: Success, value: unknown, schema: StandardSchema | undefined): unknown {
  if (schema === undefined || success.validate === 'off') return value
  const result = runSchema(schema, value)
  return result instanceof Promise
    ? result.then((settled) => outcome(success, value, settled))
    : outcome(success, value, result)
}

function outcome(success: Success, value: unknown, result: SchemaResult<unknown>): unknown {
  if (result.issues === undefined) return result.value
  const problems =
    success.body.byteLength === 0 && success.plan.kind === 'json'
      ? [{ path: 'body', message: `is empty (status ${success.status}), which output does not allow` }]
      : problemsOf(result.issues)
  complain(success, problems)
  return value
}

/** Throws, warns or says nothing, as `validate` asks. */
function complain(success: Success, problems: readonly Problem[]): void {
  if (success.validate === 'enforce') throw invalid(success, problems)
  if (success.validate === 'warn') success.onWarn?.(problems)
}

function invalid(success: Success, problems: readonly Problem[], cause?: unknown): InvalidResponseError {
  const { plan, status, body } = success
  const response = { status, problems, snippet: snippetOf(body) }
  return new InvalidResponseError(plan.subject, response, cause === undefined ? undefined : { cause })
}
