import type { ErrorSchemas, OutputSchemas } from './operation.js'
import { isStandardSchema, type StandardSchema } from './standard-schema.js'

/** The most exact schema that is declared for an error status: its own, its class's, the default. */
export function errorSchemaFor(errors: ErrorSchemas | undefined, status: number): StandardSchema | undefined {
  if (errors === undefined) return undefined
  return own(errors, String(status)) ?? own(errors, `${Math.floor(status / 100)}XX`) ?? own(errors, 'default')
}

/** The schema of a success in a map by status. */
export function outputSchemaFor(output: OutputSchemas, status: number): StandardSchema | undefined {
  return own(output, String(status)) ?? own(output, '2XX')
}

function own(schemas: object, key: string): StandardSchema | undefined {
  if (!Object.hasOwn(schemas, key)) return undefined
  const schema: unknown = (schemas as Record<string, unknown>)[key]
  return isStandardSchema(schema) ? schema : undefined
}
