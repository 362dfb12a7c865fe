import type { Problem } from '../../foundation/errors/index.js'
import { encodeText } from '../describe/path-template.js'
import { scalarRemedy, scalarText } from '../describe/scalar-text.js'

/**
 * `query` with one more field, as `name=value` joined by `&`, without a leading `?`. Arrays repeat the key;
 * `undefined` and `null` are left out, since a query has no way to say either.
 */
export function appendQuery(query: string, name: string, value: unknown, problems: Problem[]): string {
  if (value === undefined || value === null) return query
  if (!Array.isArray(value)) return appendOne(query, name, name, value, problems)
  let longer = query
  for (let index = 0; index < value.length; index++) {
    longer = appendOne(longer, name, `${name}.${index}`, value[index], problems)
  }
  return longer
}

function appendOne(query: string, name: string, field: string, value: unknown, problems: Problem[]): string {
  const text = scalarText(value)
  if (text === undefined) {
    problems.push({
      path: field,
      message: `${scalarRemedy}, or a list of those: nested values have no form here`,
    })
    return query
  }
  const pair = `${encodeText(field, name, problems)}=${encodeText(field, text, problems)}`
  return query === '' ? pair : `${query}&${pair}`
}
