import Fastify, { type FastifyInstance } from 'fastify'
import type { NewOrder, Order, PaymentMethods } from '../contracts.js'

/** What the gateway needs of orders. A Holdfast client of the contract fits. */
export interface Orders {
  getOrder(input: { readonly id: string }): Promise<Order>
  placeOrder(order: NewOrder, options: { readonly idempotencyKey?: string | undefined }): Promise<Order>
  listPaymentMethods(): Promise<PaymentMethods>
}

/** The gateway, a Fastify application: what the outside world sees. */
export function gatewayService(orders: Orders): FastifyInstance {
  const app = Fastify({ forceCloseConnections: true })

  app.get<{ Params: { id: string } }>('/orders/:id', ({ params }) => orders.getOrder({ id: params.id }))

  app.post<{ Body: NewOrder }>('/checkout', async ({ body, headers }, reply) => {
    const idempotencyKey = headers['idempotency-key']?.toString()
    const order = await orders.placeOrder(body, { idempotencyKey })
    return reply.code(201).send(order)
  })

  app.get('/payment-methods', () => orders.listPaymentMethods())

  app.setErrorHandler((error, _request, reply) => {
    const status = statusOf(error)
    const title = status < 500 ? (error as Error).message : 'the order service did not answer as it should'
    return reply.code(status).type('application/problem+json').send({ title, status })
  })
  return app
}

/** The status that orders answered with; `code`s of errors without one mean that it did not answer. */
function statusOf(error: unknown): number {
  const { status, statusCode, code } = error as { status?: unknown; statusCode?: unknown; code?: unknown }
  if (typeof status === 'number') return status
  if (typeof statusCode === 'number') return statusCode
  return code === 'INVALID_INPUT' ? 400 : 503
}
