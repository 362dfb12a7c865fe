import { AsyncLocalStorage } from 'node:async_hooks'
import { randomUUID } from 'node:crypto'
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
import { type Logger, pino } from 'pino'
import { pinoHttp } from 'pino-http'
import { Histogram } from 'prom-client'

const order = { id: '42', status: 'open', items: [{ sku: 'a-1', quantity: 2 }] }

const byHand = 'AsyncLocalStorage + pino + prom-client, by hand'

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
    [byHand]: () => {
      const app = express()
      app.use((request, response, next) => {
        const exchange = observedByHand(request.headers['x-correlation-id'])
        response.setHeader('x-correlation-id', exchange.correlationId)
        response.on('close', () => {
          const route = (request.route as { readonly path?: string } | undefined)?.path ?? 'unmatched'
          exchange.end(request.method, route, response.statusCode)
        })
        requests.run(exchange, next)
      })
      return listen(orders(app))
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
    [byHand]: () => {
      const app = Fastify()
      app.addHook('onRequest', (request, reply, next) => {
        const exchange = observedByHand(request.headers['x-correlation-id'])
        reply.header('x-correlation-id', exchange.correlationId)
        reply.raw.on('close', () => {
          exchange.end(request.method, request.routeOptions.url ?? 'unmatched', reply.statusCode)
        })
        requests.run(exchange, next)
      })
      return listenFastify(fastifyOrders(app))
    },
    'cls-rtracer + logger + fastify-metrics': async () => {
      const app = Fastify({ loggerInstance: pino() as never })
      await app.register(rTracer.fastifyPlugin)
      await app.register(fastifyMetrics as never, { endpoint: '/metrics' })
      return listenFastify(fastifyOrders(app as unknown as FastifyInstance))
    },
  },
}

interface ExchangeByHand {
  readonly correlationId: string
  end(method: string, route: string, status: number): void
}

const requests = new AsyncLocalStorage<ExchangeByHand>()

/** The least that gives a correlation id to whoever asks, a line and a histogram: no deadlines, no aborts, no shutdown. */
function observedByHand(given: unknown): ExchangeByHand {
  const { durations, logger } = observers()
  const startedAt = performance.now()
  const correlationId = typeof given === 'string' ? given : randomUUID()
  return {
    correlationId,
    end(method, route, status_code) {
      const ms = performance.now() - startedAt
      durations.observe({ method, route, status_code }, ms / 1_000)
      logger.info(
        { correlation_id: correlationId, method, route, status: status_code, duration_ms: ms },
        'request',
      )
    },
  }
}

let made: { readonly logger: Logger; readonly durations: Histogram } | undefined

/** Made when they are needed: the applications before have none. */
function observers() {
  made ??= {
    logger: pino({ base: { service: 'orders' } }),
    durations: new Histogram({
      name: 'http_request_duration_seconds',
      help: 'Duration of requests.',
      labelNames: ['method', 'route', 'status_code'],
    }),
  }
  return made
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
