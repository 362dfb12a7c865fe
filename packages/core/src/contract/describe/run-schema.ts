import { isThenable } from '../../foundation/cancellation/index.js'
import type { Problem } from '../../foundation/errors/index.js'
import type { SchemaIssue, SchemaResult, StandardSchema } from './standard-schema.js'

/** What a schema says of a value; a promise only where the schema is asynchronous. A schema that throws refuses. */
export function runSchema(
  schema: StandardSchema,
  value: unknown,
): SchemaResult<unknown> | Promise<SchemaResult<unknown>> {
  try {
    const result = schema['~standard'].validate(value)
    return isThenable(result)
      ? (Promise.resolve(result).catch(refusal) as Promise<SchemaResult<unknown>>)
      : result
  } catch (error) {
    return refusal(error)
  }
}

function refusal(error: unknown): SchemaResult<unknown> {
  return {
    issues: [{ message: `the schema threw: ${error instanceof Error ? error.message : String(error)}` }],
  }
}

/** A schema's issues as problems, their paths dotted. */
export function problemsOf(issues: readonly SchemaIssue[]): Problem[] {
  return issues.map(({ message, path }) => ({ path: (path ?? []).map(segmentName).join('.'), message }))
}

function segmentName(segment: PropertyKey | { readonly key: PropertyKey }): string {
  return String(typeof segment === 'object' ? segment.key : segment)
}
