import type { z } from 'zod'
import { schemaInSecret } from './secret.js'

/** Any schema, of any copy of zod 4. */
export type AnySchema = z.core.$ZodType

/** The fields of an object. */
export type Shape = Readonly<Record<string, AnySchema>>

/** A field of the schema that one variable sets. */
export interface Variable {
  /** `DATABASE_POOL_SIZE` */
  readonly name: string
  /** `['database', 'poolSize']` */
  readonly path: readonly string[]
  /** What the value must be, without `.optional()`, `.default()` and `secret()` around. */
  readonly schema: AnySchema
  readonly isSecret: boolean
  /** The whole schema of the field. */
  readonly field: AnySchema
}

/** A definition of zod as far as it is read here. */
interface Definition {
  readonly type: string
  /** Whether it makes what it wants of anything, as `z.coerce.boolean()` does. */
  readonly coerce?: boolean
  readonly innerType?: AnySchema
  readonly in?: AnySchema
  readonly shape?: Shape
  readonly options?: readonly AnySchema[]
  readonly values?: readonly unknown[]
  readonly entries?: Readonly<Record<string, unknown>>
}

/** What a schema says of itself; `undefined` when it is none of zod 4. */
export function definitionOf(schema: unknown): Definition | undefined {
  const definition = (schema as { readonly def?: Partial<Definition> } | null | undefined)?.def
  return typeof definition?.type === 'string' ? (definition as Definition) : undefined
}

/** The fields of a `z.object()`; `undefined` for another schema. */
export function shapeOf(schema: unknown): Shape | undefined {
  const definition = definitionOf(schema)
  return definition?.type === 'object' ? definition.shape : undefined
}

/** The schema inside of `.optional()`, `.default()`, `.readonly()`, `secret()` and their like. */
export function unwrap(schema: AnySchema): { readonly schema: AnySchema; readonly isSecret: boolean } {
  let isSecret = false
  for (let current = schema; ; ) {
    const revealed = schemaInSecret(current)
    if (revealed !== undefined) isSecret = true
    const definition = definitionOf(current)
    const inner =
      revealed ?? definition?.innerType ?? (definition?.type === 'pipe' ? definition.in : undefined)
    if (inner === undefined) return { schema: current, isSecret }
    current = inner
  }
}

/** The variables that set a schema's fields, those of nested objects included. */
export function variablesOf(shape: Shape, above: readonly string[] = []): Variable[] {
  return Object.entries(shape).flatMap(([key, field]): Variable[] => {
    const path = [...above, key]
    const { schema, isSecret } = unwrap(field)
    const nested = isSecret ? undefined : shapeOf(schema)
    if (nested !== undefined) return variablesOf(nested, path)
    return [{ name: variableName(path), path, schema, isSecret, field }]
  })
}

/** `['database', 'poolSize']` is set by `DATABASE_POOL_SIZE`. */
export function variableName(path: readonly PropertyKey[]): string {
  return path
    .map((key) =>
      String(key)
        .replace(/([a-z\d])([A-Z])/g, '$1_$2')
        .replace(/([A-Z]+)([A-Z][a-z])/g, '$1_$2')
        .replace(/[^A-Za-z\d]+/g, '_')
        .toUpperCase(),
    )
    .join('_')
}
