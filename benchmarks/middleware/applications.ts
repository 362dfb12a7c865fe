import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createService } from '@holdfast/core'
import { errorHandler, holdfast } from '@holdfast/express'
import { holdfast as holdfastPlugin } from '@holdfast/fastify'
import rTracer from 'cls-rtracer'
import express, { type Express } from 'express'
import prometheus from 'express-prom-bundle'
import Fastify, { type FastifyInstance } from 'fastify'
import fastifyMetrics from 'fastify-metrics'
import { pino } from 'pino'
import { pinoHttp } from 'pino-http'

const order = { id: '42', status: 'open', items: [{ sku: 'a-1', quantity: 2 }] }

/** Starts an application, gives its port. */
export type Application = () => Promise<number>

/** Every application answers the same route; those of a framework are compared with its first. */
export const frameworks: Readonly<Record<string, Readonly<Record<string, Application>>>> = {
  express: {
    bare: () => listen(orders(express())),
    holdfast: async () => {
      const service = defaultService()
      const app = express()
      app.use(holdfast(service))
      orders(app)
      app.use(errorHandler(service))
      return (await service.listen(app, { port: 0, host: '127.0.0.1' })).port
    },
    'cls-rtracer + pino-http + express-prom-bundle': () => {
      const app = express()
      app.use(rTracer.expressMiddleware())
      app.use(pinoHttp({ logger: pino({ mixin: () => ({ id: rTracer.id() }) }) }))
      app.use(prometheus({ includeMethod: true, includePath: true }))
      return listen(orders(app))
    },
  },
  fastify: {
    bare: () => listenFastify(fastifyOrders(Fastify())),
    holdfast: async () => {
      const service = defaultService()
      const app = Fastify()
      await app.register(holdfastPlugin, { service })
      fastifyOrders(app)
      return (await service.listen(app, { port: 0, host: '127.0.0.1' })).port
    },
    'cls-rtracer + logger + fastify-metrics': async () => {
      const app = Fastify({ loggerInstance: pino() as never })
      await app.register(rTracer.fastifyPlugin)
      await app.register(fastifyMetrics as never, { endpoint: '/metrics' })
      return listenFastify(fastifyOrders(app as unknown as FastifyInstance))
    },
  },
}

/** Everything on, as it is by default. */
function defaultService() {
  return createService({ name: 'orders', signals: false })
}

function orders(app: Express): Express {
  app.get('/orders/:id', (_request, response) => {
    response.json(order)
  })
  return app
}

function fastifyOrders(app: FastifyInstance): FastifyInstance {
  app.get('/orders/:id', async () => order)
  return app
}

async function listen(app: Express): Promise<number> {
  const server: Server = createServer(app)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

async function listenFastify(app: FastifyInstance): Promise<number> {
  await app.listen({ port: 0, host: '127.0.0.1' })
  return (app.server.address() as AddressInfo).port
}
