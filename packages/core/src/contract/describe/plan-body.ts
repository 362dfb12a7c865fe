import type { BodyKind, Operation } from './operation.js'
import type { Placement, Report } from './placement.js'

/** What becomes the body. */
export type BodyPlan =
  | { readonly from: 'nothing' }
  /** The whole input, whatever it is. */
  | { readonly from: 'input' }
  /** The value of one field. */
  | { readonly from: 'field'; readonly field: string }
  /** These fields. */
  | { readonly from: 'fields'; readonly fields: readonly string[] }
  /** All fields but these. */
  | { readonly from: 'rest'; readonly without: ReadonlySet<string> }

/** Works out what becomes the body of an operation that may have one. */
export function planBody(
  operation: Operation,
  placement: Placement,
  fields: ReadonlySet<string> | undefined,
  report: Report,
): BodyPlan {
  const { whole, body } = placement
  const kind = operation.body ?? 'json'
  if (whole !== undefined) {
    for (const field of body) report(`in.${field}`, `cannot be in the body: '${whole}' is the whole of it`)
    if (kind === 'form' || kind === 'multipart') {
      report(`in.${whole}`, `cannot be the whole body of a ${kind}, which is made of fields: remove it here`)
    }
    return { from: 'field', field: whole }
  }
  if (operation.input === undefined) {
    if (operation.body !== undefined) report('body', 'has nothing to carry: declare input')
    return { from: 'nothing' }
  }
  if (operation.method === 'DELETE') {
    if (body.length > 0) return planFields(body, kind, report)
    if (operation.body !== undefined) {
      report('body', "has nothing to carry: DELETE sends fields in the query unless `in` says 'body'")
    }
    return { from: 'nothing' }
  }
  const without = placement.except(body)
  if (kind === 'json' || kind === 'form' || kind === 'multipart') {
    if (without.size === 0) return { from: 'input' }
    const left = fields === undefined || [...fields].some((field) => !without.has(field))
    if (!left && operation.body !== undefined)
      report('body', 'has nothing to carry: every field goes elsewhere')
    return left ? { from: 'rest', without } : { from: 'nothing' }
  }
  return planSingle(kind, fields, without, report)
}

function planFields(fields: readonly string[], kind: BodyKind, report: Report): BodyPlan {
  if (kind === 'json' || kind === 'form' || kind === 'multipart') return { from: 'fields', fields }
  report('body', `'${kind}' is one value: name its field with in: { ${fields[0]}: 'whole-body' }`)
  return { from: 'nothing' }
}

/** Text, bytes and streams are one value: the only field left, or the input itself when it is not an object. */
function planSingle(
  kind: BodyKind,
  fields: ReadonlySet<string> | undefined,
  without: ReadonlySet<string>,
  report: Report,
): BodyPlan {
  const left = [...(fields ?? [])].filter((field) => !without.has(field))
  if (left.length === 1) return { from: 'field', field: left[0] as string }
  if (left.length === 0 && without.size === 0) return { from: 'input' }
  const why = left.length === 0 ? 'no field is known to be left for it' : `${left.join(', ')} are left for it`
  report('body', `'${kind}' is one value, and ${why}: name its field with in: { name: 'whole-body' }`)
  return { from: 'nothing' }
}
