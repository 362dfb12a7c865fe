import { compileOperation, type ErrorBody, type InferInput, type Operation } from '../../contract/index.js'
import {
  ConfigInvalidError,
  HttpError,
  isHoldfastError,
  type Problem,
  type ResponseHeaders,
} from '../../foundation/errors/index.js'
import { asSent, mockResponse } from './mock-response.js'

/** The body of an error as the service would send it: as declared for the status, else text. */
export type ErrorReply<Op, Status extends number> = Op extends { readonly errors: infer Schemas }
  ? Status extends keyof Schemas
    ? InferInput<Schemas[Status]>
    : ClassOf<Status> extends keyof Schemas
      ? InferInput<Schemas[ClassOf<Status>]>
      : Schemas extends { readonly default: infer Schema }
        ? InferInput<Schema>
        : string
  : string

type ClassOf<Status extends number> = `${Status}` extends `${infer Class extends 3 | 4 | 5}${string}`
  ? `${Class}XX`
  : never

/**
 * The error that a client throws when an operation is answered with `status` and `body`, for tests of what an
 * application does with it. The body is checked against what the contract declares for the status.
 *
 * @param headers Of the response; lower-case names.
 * @throws {ConfigInvalidError} `CONFIG_INVALID` for a status below 300, a body other than declared, or an asynchronous schema.
 * @example
 * ```ts
 * import { defineContract } from '@holdfast/core'
 * import { httpError, mockClient } from '@holdfast/core/testing'
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
 * await using client = mockClient(orders, {
 *   getOrder: httpError(orders.getOrder, 404, { reason: 'no such order' }),
 * })
 * const result = await client.getOrder.safe({ id: '42' })
 * console.log(result.ok ? result.data : result.error.code) // HTTP_STATUS
 * ```
 */
export function httpError<Op extends Operation, const Status extends number>(
  operation: Op,
  status: Status,
  body: ErrorReply<Op, Status>,
  headers: ResponseHeaders = {},
): HttpError<Status, ErrorBody<Op, Status>> {
  const subject = `httpError() of ${operation.method} ${operation.path}`
  if (status < 300)
    throw new ConfigInvalidError(subject, [{ path: 'status', message: 'must be from 300 to 599' }])
  const { body: sent, headers: sentHeaders } = asSent(operation, mockResponse(status, body, headers), subject)
  const received = {
    status,
    headers: sentHeaders,
    body: Buffer.concat([...((sent ?? []) as Iterable<Buffer>)]),
  }
  const problems: Problem[] = []
  const note = (found: readonly Problem[]): void => {
    problems.push(
      ...found.map(({ path, message }) => ({ path: path === '' ? 'body' : `body.${path}`, message })),
    )
  }
  const error = thrownBy(() =>
    compileOperation('mock', 'operation', operation).decode(received, 'warn', note),
  )
  if (error === undefined) {
    problems.push({ path: 'body', message: 'has an asynchronous schema; return mockResponse() instead' })
  }
  if (error === undefined || problems.length > 0) throw new ConfigInvalidError(subject, problems)
  return new HttpError(`${operation.method} ${operation.path} was answered with ${status}`, {
    status,
    headers: sentHeaders,
    body: error.body as ErrorBody<Op, Status>,
    declared: error.declared,
    retryAfterMs: error.retryAfterMs,
  })
}

function thrownBy(decode: () => unknown): HttpError | undefined {
  try {
    const decoded = decode()
    if (decoded instanceof Promise) decoded.catch(() => {})
    return undefined
  } catch (error) {
    if (isHoldfastError(error, 'HTTP_STATUS')) return error as HttpError
    throw error
  }
}
