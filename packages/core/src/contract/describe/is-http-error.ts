import { type HttpError, isHoldfastError } from '../../foundation/errors/index.js'
import type { ErrorBody, OperationError } from './call-types.js'
import { errorSchemaFor } from './error-schemas.js'
import type { Operation } from './operation.js'
import { namesOf } from './operation-registry.js'

/**
 * Whether `error` is an error status: any, that of an `operation`, or one `status` of it, whose body is then typed.
 *
 * For a status that the operation declares it is true only if the body was as declared, so that its type can be
 * relied on. Errors of another copy of this package are recognised too.
 *
 * @example
 * ```ts
 * import { defineContract, isHttpError } from '@holdfast/core'
 * import { z } from 'zod'
 *
 * const orders = defineContract('orders', {
 *   getOrder: {
 *     method: 'GET',
 *     path: '/orders/{id}',
 *     input: z.object({ id: z.string() }),
 *     errors: { 404: z.object({ reason: z.string() }) },
 *   },
 * })
 *
 * function reasonOf(error: unknown) {
 *   return isHttpError(error, orders.getOrder, 404) ? error.body.reason : undefined
 * }
 * ```
 */
export function isHttpError(error: unknown): error is HttpError
export function isHttpError<Op extends Operation>(error: unknown, operation: Op): error is OperationError<Op>
export function isHttpError<Op extends Operation, const Status extends number>(
  error: unknown,
  operation: Op,
  status: Status,
): error is HttpError<Status, ErrorBody<Op, Status>>
export function isHttpError<const Status extends number>(
  error: unknown,
  operation: undefined,
  status: Status,
): error is HttpError<Status>
export function isHttpError(error: unknown, operation?: Operation, status?: number): boolean {
  if (!isHoldfastError(error, 'HTTP_STATUS')) return false
  const http = error as HttpError
  if (status !== undefined && http.status !== status) return false
  if (operation === undefined) return true
  if (!isOf(http, operation)) return false
  return status === undefined || http.declared || errorSchemaFor(operation.errors, status) === undefined
}

/** An error or an operation that nobody named is given the benefit of the doubt. */
function isOf(error: HttpError, operation: Operation): boolean {
  const names = namesOf(operation)
  if (names.length === 0 || error.operation === undefined) return true
  return names.some(
    (name) =>
      name.operation === error.operation &&
      (error.dependency === undefined || name.contract === error.dependency),
  )
}
