import type { ConformanceAdapter, ConformanceRoute } from '@holdfast/core/testing'
import Fastify, { type FastifyInstance } from 'fastify'
import { frameworkErrors, holdfast } from './index.js'

/** Runs the conformance suite on Fastify. */
export const adapter: ConformanceAdapter = {
  name: 'Fastify 5',
  async start(service, routes) {
    const app = Fastify({ frameworkErrors: frameworkErrors(service) })
    await app.register(holdfast, { service })
    app.addContentTypeParser('application/octet-stream', (_request, _payload, done) => done(null))
    for (const route of routes) await add(app, route)
    return service.listen(app, { port: 0 })
  },
}

async function add(app: FastifyInstance, { method, mount, path, handle }: ConformanceRoute): Promise<void> {
  await app.register(
    async (scope) => {
      scope.route({
        method,
        url: path,
        async handler(request, reply) {
          const { body, raw } = request
          const params = request.params as Record<string, string>
          const value = await handle({
            ...{ params, body: body ?? undefined, request: raw, response: reply.raw },
            setStatus: (status) => void reply.code(status),
            setHeader: (name, header) => void reply.header(name, header),
          })
          if (value !== undefined) return reply.type('application/json').send(JSON.stringify(value))
          return reply.hijack()
        },
      })
    },
    { prefix: mount ?? '' },
  )
}
