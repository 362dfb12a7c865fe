import { type OptionCheck, show } from '../../foundation/config/index.js'
import { checkOperationPolicy } from './check-operation-policy.js'
import { bodyKinds, methods, type Operation, responseKinds } from './operation.js'
import { planRequest } from './request-plan.js'
import { isStandardSchema } from './standard-schema.js'

const operationKeys = Object.freeze([
  'method',
  'path',
  'input',
  'output',
  'errors',
  'in',
  'body',
  'response',
  'idempotent',
  'timeoutMs',
  'attemptTimeoutMs',
  'retry',
  'hedge',
  'priority',
])

/** Adds everything that is wrong with an operation to `check`, its paths below `name`. */
export function checkOperation(check: OptionCheck, name: string, value: unknown): void {
  if (value === undefined) {
    check.add(name, 'must be an operation, not undefined')
    return
  }
  if (!check.object(name, value, operationKeys)) return
  const operation = value as Partial<Operation>
  const method = checkMethod(check, `${name}.method`, operation.method)
  const path = checkPath(check, `${name}.path`, operation.path)
  const input = checkSchema(check, `${name}.input`, operation.input)
  const places = checkPlaces(check, `${name}.in`, operation.in)
  const body = check.oneOf(`${name}.body`, operation.body, bodyKinds)
  check.oneOf(`${name}.response`, operation.response, responseKinds)
  checkErrors(check, `${name}.errors`, operation.errors)
  checkOutput(check, `${name}.output`, operation.output)
  checkResponse(check, name, operation)
  checkPolicy(check, name, operation)
  // Where a part has the wrong type there is nothing to plan with; that it has is reported above.
  if (method && path && input && places && body) {
    planRequest(operation as Operation, (key, message) => check.add(`${name}.${key}`, message))
  }
}

function checkMethod(check: OptionCheck, path: string, method: unknown): boolean {
  if (typeof method === 'string' && methods.includes(method.toUpperCase() as 'GET')) {
    return (
      methods.includes(method as 'GET') || check.add(path, `must be in capitals: '${method.toUpperCase()}'`)
    )
  }
  return check.add(path, `must be one of ${methods.join(', ')}, not ${show(method)}`)
}

function checkPath(check: OptionCheck, path: string, value: unknown): boolean {
  return (
    typeof value === 'string' ||
    check.add(path, `must be a string such as '/orders/{id}', not ${show(value)}`)
  )
}

function checkSchema(check: OptionCheck, path: string, value: unknown): boolean {
  if (value === undefined || isStandardSchema(value)) return true
  return check.add(path, `must be a Standard Schema (of zod, valibot, arktype ...), not ${show(value)}`)
}

function checkPlaces(check: OptionCheck, path: string, value: unknown): boolean {
  if (value === undefined || (typeof value === 'object' && value !== null && !Array.isArray(value)))
    return true
  return check.add(path, `must be an object of fields and their places, not ${show(value)}`)
}

function checkErrors(check: OptionCheck, path: string, errors: unknown): void {
  if (errors === undefined) return
  if (typeof errors !== 'object' || errors === null || isStandardSchema(errors)) {
    check.add(path, 'must be a map of schemas by status: { 404: NotFound }')
    return
  }
  for (const [status, schema] of Object.entries(errors)) {
    if (/^2(?:\d\d|XX)$/.test(status)) {
      check.add(`${path}.${status}`, 'is a success, never an error: declare it in output')
    } else if (!/^(?:[1-5]\d\d|[345]XX|default)$/.test(status)) {
      check.add(
        `${path}.${status}`,
        "is not a status: use one from 100 to 599, '3XX', '4XX', '5XX' or default",
      )
    }
    if (schema === undefined) check.add(`${path}.${status}`, 'must be a schema, not undefined')
    checkSchema(check, `${path}.${status}`, schema)
  }
}

function checkOutput(check: OptionCheck, path: string, output: unknown): void {
  if (output === undefined || isStandardSchema(output)) return
  if (typeof output !== 'object' || output === null || Object.keys(output).length === 0) {
    check.add(path, `must be a Standard Schema, or a map of them by status, not ${show(output)}`)
    return
  }
  for (const [status, schema] of Object.entries(output)) {
    if (!/^2(?:\d\d|XX)$/.test(status)) {
      check.add(
        `${path}.${status}`,
        "is not a success: use a status from 200 to 299 or '2XX', and errors for others",
      )
    }
    if (schema === undefined) check.add(`${path}.${status}`, 'must be a schema, not undefined')
    checkSchema(check, `${path}.${status}`, schema)
  }
}

function checkResponse(
  check: OptionCheck,
  name: string,
  { method, response, output }: Partial<Operation>,
): void {
  if (method === 'HEAD' && response !== undefined && response !== 'none') {
    check.add(`${name}.response`, `must not be '${response}': the answer to HEAD has no body; leave it out`)
  }
  if (output === undefined) return
  if (method === 'HEAD') check.add(`${name}.output`, 'must not be given: the answer to HEAD has no body')
  else if (response === 'none' || response === 'stream') {
    const why = response === 'none' ? 'there is no body to check' : 'a stream is not checked'
    check.add(`${name}.output`, `must not be given with response '${response}': ${why}; remove one of them`)
  }
}

function checkPolicy(check: OptionCheck, name: string, operation: Partial<Operation>): void {
  check.oneOf(`${name}.idempotent`, operation.idempotent, [true, false, 'key'])
  checkOperationPolicy(check, (option) => `${name}.${option}`, operation, operation)
}
