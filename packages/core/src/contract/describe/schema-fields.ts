/**
 * The top-level fields of what a schema takes: their names, none for a schema of something other than an object, or
 * `undefined` where they cannot be known (an open object, a library that does not tell).
 */
export function schemaFields(schema: unknown): ReadonlySet<string> | undefined {
  try {
    return fieldsOf(schema, 0)
  } catch {
    // A getter of a schema that is not complete yet may throw; what cannot be asked is not checked.
    return undefined
  }
}

/** Wrapped schemas nest a little, recursive ones for ever. */
const maxDepth = 16

interface ZodDefinition {
  readonly type: string
  readonly shape?: object
  readonly catchall?: { readonly _zod: { readonly def: ZodDefinition } }
  readonly in?: unknown
  readonly left?: unknown
  readonly right?: unknown
  readonly innerType?: unknown
  readonly options?: readonly unknown[]
  readonly getter?: () => unknown
}

const unknownTypes = new Set(['any', 'unknown', 'custom', 'transform', 'record', 'map'])

function fieldsOf(schema: unknown, depth: number): ReadonlySet<string> | undefined {
  if (depth > maxDepth) return undefined
  const definition = (schema as { readonly _zod?: { readonly def?: ZodDefinition } } | undefined)?._zod?.def
  return definition === undefined ? fieldsOfOther(schema) : fieldsOfZod(definition, depth + 1)
}

function fieldsOfZod(definition: ZodDefinition, depth: number): ReadonlySet<string> | undefined {
  if (definition.shape !== undefined) {
    const open = definition.catchall !== undefined && definition.catchall._zod.def.type !== 'never'
    return open ? undefined : new Set(Object.keys(definition.shape))
  }
  if (definition.type === 'pipe') return fieldsOf(definition.in, depth)
  if (definition.type === 'lazy') return fieldsOf(definition.getter?.(), depth)
  if (definition.innerType !== undefined) return fieldsOf(definition.innerType, depth)
  if (definition.type === 'intersection') return allFields([definition.left, definition.right], depth)
  if (definition.options !== undefined) return allFields(definition.options, depth)
  return unknownTypes.has(definition.type) ? undefined : new Set()
}

function allFields(schemas: readonly unknown[], depth: number): ReadonlySet<string> | undefined {
  const names = new Set<string>()
  for (const schema of schemas) {
    const fields = fieldsOf(schema, depth)
    if (fields === undefined) return undefined
    for (const name of fields) names.add(name)
  }
  return names
}

interface JsonSchema {
  readonly properties?: object
  readonly additionalProperties?: unknown
}

/** Standard JSON Schema, as newer libraries offer it. */
function fieldsOfOther(schema: unknown): ReadonlySet<string> | undefined {
  const props = (schema as { readonly '~standard'?: { readonly jsonSchema?: unknown } } | undefined)?.[
    '~standard'
  ]
  const converter = props?.jsonSchema as { readonly input?: (options: object) => JsonSchema } | undefined
  const json = converter?.input?.({ target: 'draft-2020-12' })
  if (json?.properties === undefined) return undefined
  const closed = json.additionalProperties === undefined || json.additionalProperties === false
  return closed ? new Set(Object.keys(json.properties)) : undefined
}
