import { HttpError } from '../../foundation/errors/index.js'
import type { CollectedResponse } from '../../http/message/index.js'
import type { OnWarn, ValidateMode } from '../describe/compiled-operation.js'
import { errorSchemaFor } from '../describe/error-schemas.js'
import type { ErrorSchemas } from '../describe/operation.js'
import { problemsOf, runSchema } from '../describe/run-schema.js'
import type { SchemaResult } from '../describe/standard-schema.js'
import { parseJson } from './parse-json.js'
import { parseRetryAfter } from './parse-retry-after.js'
import { contentTypeOf, decodeText, isJson, jsonText, snippetOf } from './response-text.js'

/** How the errors of an operation are read. */
export interface ErrorPlan {
  readonly subject: string
  readonly schemas: ErrorSchemas | undefined
}

/**
 * The error that a response other than 2xx is. A declared status whose body is not as declared becomes the error of an
 * undeclared one: a status is never hidden behind a complaint about its body.
 */
export function decodeError(
  plan: ErrorPlan,
  response: CollectedResponse,
  validate: ValidateMode,
  onWarn: OnWarn | undefined,
): HttpError | Promise<HttpError> {
  const schema = errorSchemaFor(plan.schemas, response.status)
  if (schema === undefined) return undeclared(plan, response)
  const value = errorValue(response)
  if (validate === 'off') return httpError(plan, response, value, true)
  const judge = (result: SchemaResult<unknown>): HttpError => {
    if (result.issues === undefined) return httpError(plan, response, result.value, true)
    if (validate === 'enforce') return undeclared(plan, response)
    onWarn?.(problemsOf(result.issues))
    return httpError(plan, response, value, true)
  }
  const result = runSchema(schema, value)
  return result instanceof Promise ? result.then(judge) : judge(result)
}

function undeclared(plan: ErrorPlan, response: CollectedResponse): HttpError {
  return httpError(plan, response, textOf(response), false)
}

function httpError(
  plan: ErrorPlan,
  response: CollectedResponse,
  body: unknown,
  declared: boolean,
): HttpError {
  const { status, headers } = response
  const snippet = declared || response.body === undefined ? '' : snippetOf(response.body)
  const message = `${plan.subject} was answered with ${status}${snippet === '' ? '' : `: ${snippet}`}`
  const retryAfter = headers['retry-after']
  const retryAfterMs = retryAfter === undefined ? undefined : parseRetryAfter(retryAfter)
  return new HttpError(message, { status, headers, body, declared, retryAfterMs })
}

function textOf({ headers, body }: CollectedResponse): string {
  return body === undefined ? '' : decodeText(body, contentTypeOf(headers))
}

/** JSON where the body is, or looks like, JSON; else text, for a schema of text. */
function errorValue(response: CollectedResponse): unknown {
  const { body } = response
  if (body === undefined || body.byteLength === 0) return undefined
  const contentType = contentTypeOf(response.headers)
  const first = body[0]
  if (contentType === '' || isJson(contentType) || first === 0x7b || first === 0x5b) {
    try {
      return parseJson(jsonText(body))
    } catch {
      // Not JSON after all: the text is left for the schema to judge.
    }
  }
  return decodeText(body, contentType)
}
