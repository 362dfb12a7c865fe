import express, { type ErrorRequestHandler } from 'express'
import Fastify from 'fastify'
import { failingPayments } from '../../experiment/failing-payments.js'
import { gatewayRoutes } from '../../services/gateway.js'
import { ordersRoutes } from '../../services/orders.js'
import type { Arm } from '../arm.js'
import { fetchOrders, fetchPayments } from './fetch-clients.js'
import { listen } from './running-service.js'

/** Express and Fastify as they come, calling by plain `fetch`. */
export const plainArm: Arm = {
  name: 'plain fetch',

  async start({ seed }) {
    const payments = await failingPayments(seed)
    const ordersApp = express()
    ordersRoutes(ordersApp, fetchPayments(payments.url))
    ordersApp.use(sendProblem)
    const orders = await listen(ordersApp)

    const gateway = Fastify({ forceCloseConnections: true })
    gatewayRoutes(gateway, fetchOrders(orders.url))
    gateway.setErrorHandler((error, _request, reply) => {
      const { status, title } = problemOf(error)
      return reply.code(status).type('application/problem+json').send({ title, status })
    })
    const gatewayUrl = await gateway.listen({ port: 0, host: '127.0.0.1' })
    return {
      urls: { gateway: gatewayUrl, orders: orders.url, payments: payments.url },
      payments,
      async [Symbol.asyncDispose]() {
        await gateway.close()
        await orders[Symbol.asyncDispose]()
        await payments.close()
      },
    }
  },
}

// Express knows an error handler by its four parameters.
const sendProblem: ErrorRequestHandler = (error, _request, response, _next) => {
  const { status, title } = problemOf(error)
  response.status(status).set(headersOf(error)).type('application/problem+json').json({ title, status })
}

/** Errors of handlers and of the frameworks have a status; that of a call that nobody answered has none. */
function problemOf(error: unknown): { readonly status: number; readonly title: string } {
  const { status, statusCode, message } = error as {
    status?: unknown
    statusCode?: unknown
    message?: unknown
  }
  const given = [status, statusCode].find((one) => typeof one === 'number') ?? 503
  return { status: given, title: given < 500 ? String(message) : 'the service could not answer' }
}

function headersOf(error: unknown): Record<string, string> {
  const { headers } = error as { headers?: Record<string, string> }
  return headers ?? {}
}
