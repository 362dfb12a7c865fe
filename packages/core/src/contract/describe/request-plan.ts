import type { BodyKind, Operation } from './operation.js'
import { type PathTemplate, parsePath } from './path-template.js'
import { type HeaderField, type Placement, place, type Report } from './placement.js'
import { type BodyPlan, planBody } from './plan-body.js'
import { schemaFields } from './schema-fields.js'

/** Where every field of an input goes, worked out once. */
export interface RequestPlan {
  readonly path: PathTemplate
  readonly headers: readonly HeaderField[]
  /** Fields that go to the query; all but those of a set. */
  readonly query: readonly string[] | ReadonlySet<string>
  readonly bodyKind: BodyKind
  readonly body: BodyPlan
}

/** Plans the requests of an operation, reporting every contradiction in it. */
export function planRequest(operation: Operation, report: Report): RequestPlan {
  const path = parsePath(operation.path, (message) => report('path', message))
  const fields = operation.input === undefined ? new Set<string>() : schemaFields(operation.input)
  checkFields(operation, path.names, fields, report)
  const placement = place(operation, path.names, report)
  checkContentType(operation, placement, report)
  const bodyless = operation.method === 'GET' || operation.method === 'HEAD'
  if (bodyless) checkBodyless(operation, placement, report)
  const restToQuery = bodyless || operation.method === 'DELETE' || placement.whole !== undefined
  return {
    path,
    headers: placement.headers,
    query: operation.input !== undefined && restToQuery ? placement.except(placement.query) : placement.query,
    bodyKind: operation.body ?? 'json',
    body: bodyless ? { from: 'nothing' } : planBody(operation, placement, fields, report),
  }
}

function checkFields(
  operation: Operation,
  names: readonly string[],
  fields: ReadonlySet<string> | undefined,
  report: Report,
): void {
  const known = (name: string): boolean => fields === undefined || fields.has(name)
  for (const name of names) {
    if (known(name)) continue
    const remedy = operation.input === undefined ? 'declare input with that field' : 'add the field to input'
    report('path', `names {${name}}, which is not a field of input: ${remedy}`)
  }
  for (const name of Object.keys(operation.in ?? {})) {
    if (!known(name)) report(`in.${name}`, 'is not a field of input: add it there, or remove it here')
  }
}

function checkBodyless({ method, body }: Operation, placement: Placement, report: Report): void {
  if (body !== undefined) report('body', `must not be given: a ${method} request has no body; use POST`)
  for (const field of placement.whole === undefined ? placement.body : [...placement.body, placement.whole]) {
    report(`in.${field}`, `cannot be sent in the body: a ${method} request has none; use 'query'`)
  }
}

function checkContentType({ body }: Operation, placement: Placement, report: Report): void {
  const typed = placement.headers.find(({ name }) => name === 'content-type')
  if (typed === undefined || body === 'text' || body === 'bytes' || body === 'stream') return
  report(
    `in.${typed.field}`,
    "cannot be the content-type: the body's kind sets it, unless it is text, bytes or stream",
  )
}
