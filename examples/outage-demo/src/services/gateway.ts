import { invalidRequest, ProblemError } from '@holdfast/core'
import type { FastifyInstance } from 'fastify'
import { type NewOrder, type Order, orders as ordersContract, type PaymentMethods } from '../contracts.js'

/** What the gateway needs of orders. A Holdfast client of the contract fits. */
export interface Orders {
  getOrder(input: { readonly id: string }): Promise<Order>
  placeOrder(order: NewOrder, options: { readonly idempotencyKey?: string | undefined }): Promise<Order>
  listPaymentMethods(): Promise<PaymentMethods>
}

/** The routes of the gateway: what the outside world sees. */
export function gatewayRoutes(app: FastifyInstance, orders: Orders): void {
  app.get<{ Params: { id: string } }>('/orders/:id', async ({ params }) => {
    try {
      return await orders.getOrder({ id: params.id })
    } catch (error) {
      if ((error as { status?: unknown }).status !== 404) throw error
      throw new ProblemError(404, 'no such order', { cause: error })
    }
  })

  app.post('/checkout', async ({ body, headers }, reply) => {
    const input = ordersContract.placeOrder.input.safeParse(body)
    if (!input.success) throw invalidRequest(input.error.issues)
    const idempotencyKey = headers['idempotency-key']?.toString()
    const order = await orders.placeOrder(input.data, { idempotencyKey })
    return reply.code(201).send(order)
  })

  app.get('/payment-methods', () => orders.listPaymentMethods())
}
