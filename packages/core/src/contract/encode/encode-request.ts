import { show } from '../../foundation/config/index.js'
import { InvalidInputError, type Problem } from '../../foundation/errors/index.js'
import type { EncodedRequest } from '../describe/compiled-operation.js'
import { encodePath } from '../describe/path-template.js'
import type { BodyPlan } from '../describe/plan-body.js'
import type { RequestPlan } from '../describe/request-plan.js'
import { encodeBody, encodeJson } from './encode-body.js'
import { setHeader } from './encode-headers.js'
import { appendQuery } from './encode-query.js'
import type { EncodedBody } from './encoded-body.js'

type Fields = Readonly<Record<string, unknown>>

const jsonHeaders: Readonly<Record<string, string>> = Object.freeze({ 'content-type': 'application/json' })
const noFields: Fields = Object.freeze({})

/** Stands for "no body", which is not the same as a body whose value is `undefined`. */
const nothing = Symbol('nothing')

/**
 * The request that a plan makes of an input. The input is sent as it was given.
 *
 * @throws {InvalidInputError} `INVALID_INPUT`, naming every field that cannot be sent
 */
export function encodeRequest(plan: RequestPlan, input: unknown, subject: string): EncodedRequest {
  const problems: Problem[] = []
  const fields = fieldsOf(plan, input, problems)
  let path = encodePath(plan.path, fields, problems)
  const query = encodeQuery(plan.query, fields, problems)
  if (query !== '') path += `?${query}`
  const value = bodyValue(plan.body, input, fields)
  const request =
    plan.bodyKind === 'json'
      ? jsonRequest(plan, path, value, fields, problems)
      : otherRequest(plan, path, value, fields, problems)
  if (problems.length > 0) throw new InvalidInputError(subject, problems)
  return request
}

function fieldsOf(plan: RequestPlan, input: unknown, problems: Problem[]): Fields {
  if (typeof input === 'object' && input !== null && !Array.isArray(input)) return input as Fields
  if (input !== undefined && plan.body.from !== 'input') {
    problems.push({ path: '', message: `the input must be an object of fields, not ${show(input)}` })
  }
  return noFields
}

function encodeQuery(query: RequestPlan['query'], fields: Fields, problems: Problem[]): string {
  let text = ''
  if (query instanceof Set) {
    for (const name of Object.keys(fields)) {
      if (!query.has(name)) text = appendQuery(text, name, fields[name], problems)
    }
  } else {
    for (const name of query) text = appendQuery(text, name, own(fields, name), problems)
  }
  return text
}

function bodyValue(plan: BodyPlan, input: unknown, fields: Fields): unknown {
  switch (plan.from) {
    case 'nothing':
      return nothing
    case 'input':
      return input === undefined ? nothing : input
    case 'field': {
      const value = own(fields, plan.field)
      return value === undefined ? nothing : value
    }
    case 'fields': {
      const given = plan.fields.filter((name) => own(fields, name) !== undefined)
      return given.length === 0 ? nothing : pick(fields, given)
    }
    case 'rest':
      return input === undefined
        ? nothing
        : pick(
            fields,
            Object.keys(fields).filter((name) => !plan.without.has(name)),
          )
  }
}

function pick(fields: Fields, names: readonly string[]): Fields {
  const picked: Record<string, unknown> = {}
  for (const name of names) {
    if (name !== '__proto__') picked[name] = fields[name]
    else Object.defineProperty(picked, name, { value: fields[name], enumerable: true })
  }
  return picked
}

function own(fields: Fields, name: string): unknown {
  return Object.hasOwn(fields, name) ? fields[name] : undefined
}

function jsonRequest(
  plan: RequestPlan,
  path: string,
  value: unknown,
  fields: Fields,
  problems: Problem[],
): EncodedRequest {
  const body = value === nothing ? undefined : encodeJson(value, bodyField(plan.body), problems)
  const headers = body === undefined ? undefined : jsonHeaders
  if (plan.headers.length === 0) return { path, headers, body, replayable: true }
  return { path, headers: withFields(plan, { ...headers }, fields, problems), body, replayable: true }
}

function otherRequest(
  plan: RequestPlan,
  path: string,
  value: unknown,
  fields: Fields,
  problems: Problem[],
): EncodedRequest {
  if (value === nothing || plan.bodyKind === 'json') {
    const headers = plan.headers.length === 0 ? undefined : withFields(plan, {}, fields, problems)
    return { path, headers, body: undefined, replayable: true }
  }
  const encoded = encodeBody(plan.bodyKind, value, bodyField(plan.body), problems)
  const headers = withFields(plan, headersOf(encoded), fields, problems)
  return { path, headers, body: encoded.body, replayable: encoded.replayable }
}

function headersOf({ contentType, length }: EncodedBody): Record<string, string> {
  const headers: Record<string, string> = { 'content-type': contentType }
  if (length !== undefined) headers['content-length'] = String(length)
  return headers
}

function withFields(
  plan: RequestPlan,
  headers: Record<string, string>,
  fields: Fields,
  problems: Problem[],
): Record<string, string> {
  for (const { field, name } of plan.headers) setHeader(headers, name, field, own(fields, field), problems)
  return headers
}

function bodyField(plan: BodyPlan): string {
  return plan.from === 'field' ? plan.field : ''
}
