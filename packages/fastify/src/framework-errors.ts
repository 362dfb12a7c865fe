import type { Service } from '@holdfast/core'
import { runtimeOf } from '@holdfast/core/server'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { sendProblem } from './send-problem.js'

/**
 * Answers URLs that Fastify cannot read, for which it runs no hooks, with `application/problem+json`. It is an option
 * of the instance.
 *
 * @throws {ConfigInvalidError} `CONFIG_INVALID` when `service` was not made by `createService()`.
 * @example
 * ```ts
 * import { createService } from '@holdfast/core'
 * import { frameworkErrors } from '@holdfast/fastify'
 * import Fastify from 'fastify'
 *
 * const service = createService({ name: 'orders', signals: false })
 * const app = Fastify({ frameworkErrors: frameworkErrors(service) })
 * console.log((await app.inject('/%zz')).headers['content-type']) // application/problem+json; charset=utf-8
 * ```
 */
export function frameworkErrors(
  service: Service,
): (error: Error, request: FastifyRequest, reply: FastifyReply) => void {
  const runtime = runtimeOf(service, 'frameworkErrors()')
  return (error, request, reply) => {
    const exchange = runtime.begin(request.raw, reply.raw)
    reply.header('x-correlation-id', exchange.correlationId)
    sendProblem(reply, runtime.fail(error, request.raw, { isFrameworks: true }))
  }
}
