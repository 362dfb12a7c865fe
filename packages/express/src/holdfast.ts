import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Service } from '@holdfast/core'
import { type RequestTurn, runtimeOf, sendProblem } from '@holdfast/core/server'
import type { TrackedRequest } from './express-internals.js'
import { isMounted, know } from './mounts.js'
import { prepareRequest } from './prepare-request.js'
import { followRoutes } from './route-templates.js'

/** Passes a request on, or what went wrong with it. */
export type Next = (error?: unknown) => void

/** A handler of Express, 4 or 5. */
export type Handler = (request: IncomingMessage, response: ServerResponse, next: Next) => void

/**
 * The middleware that makes an Express application part of a service: request context, correlation id, log line,
 * metrics and span of each request, and the routes for health and metrics. Mount it first.
 *
 * @throws {ConfigInvalidError} `CONFIG_INVALID` when `service` was not made by `createService()`, and from `app.use()`
 * when it is mounted twice, after routes or below a path.
 * @example
 * ```ts
 * import { createService } from '@holdfast/core'
 * import { errorHandler, holdfast } from '@holdfast/express'
 * import express from 'express'
 *
 * const service = createService({ name: 'orders' })
 * const app = express()
 * app.use(holdfast(service))
 * app.get('/orders/:id', (request, response) => void response.json({ id: request.params.id }))
 * app.use(errorHandler(service))
 * const { url } = await service.listen(app, { port: 0 })
 * console.log((await fetch(`${url}/orders/42`)).status) // 200
 * await service.shutdown()
 * ```
 */
export function holdfast(service: Service): Handler {
  const runtime = runtimeOf(service, 'holdfast()')
  const middleware: Handler = (request, response, next) => {
    followRoutes((request as TrackedRequest).app)
    runtime.serve(request, response, { proceed: next, refuse })
  }
  know(middleware, runtime)
  runtime.use({ owns: (app) => isMounted(app, runtime), prepare: prepareRequest })
  return middleware
}

const refuse: RequestTurn['refuse'] = (problem, response) => sendProblem(response, problem)
