import { invalidRequest, type ProblemError } from '@holdfast/core'
import type { FastifyError, FastifySchemaValidationError } from 'fastify'

const places = { body: 'body', querystring: 'query', params: 'path', headers: 'header' } as const

/** What Fastify's validator found, with a pointer to each value; other errors as they are. */
export function validationProblem(error: FastifyError): FastifyError | ProblemError {
  const { validation, validationContext = 'body' } = error
  if (validation === undefined) return error
  const place = places[validationContext as keyof typeof places] ?? 'body'
  return invalidRequest(
    validation.map((found) => ({ message: found.message ?? 'is not valid', path: pathOf(found) })),
    place,
  )
}

/** A missing property is found in the object that lacks it. */
function pathOf({ instancePath, params }: FastifySchemaValidationError): readonly string[] {
  const keys = instancePath
    .split('/')
    .slice(1)
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'))
  const { missingProperty } = params as { readonly missingProperty?: unknown }
  return typeof missingProperty === 'string' ? [...keys, missingProperty] : keys
}
