import { z } from 'zod'
import { type AnySchema, definitionOf, unwrap } from './load-config-variables.js'

const decimal = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i
const truths: Readonly<Record<string, boolean>> = {
  true: true,
  yes: true,
  on: true,
  1: true,
  y: true,
  enabled: true,
  false: false,
  no: false,
  off: false,
  0: false,
  n: false,
  disabled: false,
}

/** The value that a variable's text stands for where a schema takes no strings; else the text, for the schema to refuse. */
export function valueOfText(text: string, schema: AnySchema): unknown {
  const trimmed = text.trim()
  switch (definitionOf(schema)?.type) {
    case 'number':
      return decimal.test(trimmed) ? Number(trimmed) : text
    case 'bigint':
      return /^[+-]?\d+$/.test(trimmed) ? BigInt(trimmed) : text
    case 'boolean':
      return truths[trimmed.toLowerCase()] ?? text
    case 'array':
      return listOf(trimmed, schema)
    case 'literal':
    case 'enum':
      return constantOf(trimmed, schema) ?? text
    case 'null':
      return trimmed === 'null' ? null : text
    case 'union':
      return memberOf(text, schema)
    case 'object':
    case 'record':
    case 'tuple':
      return jsonOf(trimmed) ?? text
    default:
      return text
  }
}

/**
 * What `value` would have to be, where it is a text that only a coercing schema takes: `z.coerce.boolean()` makes `true`
 * of `nope`, and `z.coerce.number()` makes 0 of a blank. `undefined` where the schema may judge.
 */
export function missedKind(value: unknown, schema: AnySchema): string | undefined {
  const definition = definitionOf(schema)
  if (definition?.type === 'array' && Array.isArray(value)) {
    const { schema: inner } = unwrap((definition as unknown as { readonly element: AnySchema }).element)
    return value.map((each) => missedKind(each, inner)).find((kind) => kind !== undefined)
  }
  if (typeof value !== 'string') return undefined
  if (definition?.type === 'union') {
    const members = (definition.options ?? []).map((option) => unwrap(option).schema)
    const kinds = members.map((member) =>
      definitionOf(member)?.coerce === true ? missedKind(value, member) : undefined,
    )
    const isTaken = members.some(
      (member) => definitionOf(member)?.coerce !== true && z.safeParse(member, value).success,
    )
    return isTaken ? undefined : kinds.find((kind) => kind !== undefined)
  }
  if (definition?.type === 'boolean') return 'boolean'
  const isNumeric = definition?.type === 'number' || definition?.type === 'bigint'
  return isNumeric && value.trim() === '' ? definition.type : undefined
}

function listOf(text: string, schema: AnySchema): unknown {
  const json = text.startsWith('[') ? jsonOf(text) : undefined
  if (json !== undefined) return json
  const { element } = definitionOf(schema) as unknown as { readonly element: AnySchema }
  const { schema: inner } = unwrap(element)
  const parts = text.split(',').map((part) => part.trim())
  return parts.filter((part) => part !== '').map((part) => valueOfText(part, inner))
}

/** The number, boolean or other constant of a literal or an enum that is written like `text`. */
function constantOf(text: string, schema: AnySchema): unknown {
  const { values, entries = {} } = definitionOf(schema) ?? {}
  return (values ?? Object.values(entries)).find((value) => String(value) === text)
}

/** Constants before kinds, and numbers before booleans: `1` of a number or a boolean is the number. */
const precedence = ['literal', 'enum', 'null', 'number', 'bigint', 'boolean']

/** What the first member of a union reads that reads anything but text; else the text. */
function memberOf(text: string, schema: AnySchema): unknown {
  const members = (definitionOf(schema)?.options ?? []).map((option) => unwrap(option).schema)
  const takesText = members.some((member) => definitionOf(member)?.type === 'string')
  const rankOf = (member: AnySchema): number => {
    const rank = precedence.indexOf(definitionOf(member)?.type ?? '')
    return rank === -1 ? precedence.length : rank
  }
  const trimmed = text.trim()
  for (const member of [...members].sort((a, b) => rankOf(a) - rankOf(b))) {
    if (constantOf(trimmed, member) === trimmed) return trimmed
    // A list takes any text; beside a member that takes text it must be written as JSON.
    if (takesText && definitionOf(member)?.type === 'array' && !trimmed.startsWith('[')) continue
    const value = valueOfText(text, member)
    if (typeof value === 'string') continue
    // Beside text only what is written as its kind is written: `007` and `yes` stay what they are.
    if (!takesText || typeof value === 'object' || String(value) === trimmed) return value
  }
  return text
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
