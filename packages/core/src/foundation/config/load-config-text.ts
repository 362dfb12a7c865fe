import { type AnySchema, definitionOf, unwrap } from './load-config-variables.js'

const decimal = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i
const truths: Readonly<Record<string, boolean>> = {
  true: true,
  yes: true,
  on: true,
  1: true,
  false: false,
  no: false,
  off: false,
  0: false,
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
    case 'object':
    case 'record':
    case 'tuple':
      return jsonOf(trimmed) ?? text
    default:
      return text
  }
}

function listOf(text: string, schema: AnySchema): unknown {
  const json = text.startsWith('[') ? jsonOf(text) : undefined
  if (json !== undefined) return json
  const { element } = definitionOf(schema) as unknown as { readonly element: AnySchema }
  const { schema: inner } = unwrap(element)
  return text.split(',').map((part) => valueOfText(part.trim(), inner))
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
