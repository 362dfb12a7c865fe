import type { IncomingMessage, ServerResponse } from 'node:http'
import { ProblemError, type Service } from '@holdfast/core'
import { exchangeOf, runtimeOf, sendProblem } from '@holdfast/core/server'
import type { Handler, Next } from './holdfast.js'

/** An error handler of Express, 4 or 5. */
export type ErrorHandler = (
  error: unknown,
  request: IncomingMessage,
  response: ServerResponse,
  next: Next,
) => void

/**
 * Answers what no route has answered, and what went wrong, with `application/problem+json`. Mount it last.
 *
 * @throws {ConfigInvalidError} `CONFIG_INVALID` when `service` was not made by `createService()`.
 */
export function errorHandler(service: Service): [Handler, ErrorHandler] {
  const runtime = runtimeOf(service, 'errorHandler()')
  return [
    (request, response, next) => {
      const exchange = exchangeOf(request)
      if (exchange !== undefined) exchange.route = undefined
      // Express answers OPTIONS by itself, from the routes that it has passed.
      if (request.method === 'OPTIONS') next()
      else sendProblem(response, runtime.fail(new ProblemError(404, 'there is no such resource'), request))
    },
    (error, request, response, next) => {
      // The router gives a parameter that it cannot decode the status 400, and says nothing of exposing it.
      const origin = { status: response.statusCode, isFrameworks: error instanceof URIError }
      const problem = runtime.fail(error, request, origin)
      // Half an answer cannot be taken back: Express closes the connection, so that nobody takes it for a whole one.
      if (response.headersSent) next(error)
      else sendProblem(response, problem)
    },
  ]
}
