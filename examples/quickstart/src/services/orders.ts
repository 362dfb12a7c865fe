import { randomUUID } from 'node:crypto'
import { isHoldfastError } from '@holdfast/core'
import express, { type Express, type Response } from 'express'
import { type Charge, type Order, orders, type PaymentMethods, type Receipt } from '../contracts.js'

/** What orders needs of payments. A Holdfast client of the contract fits, and so does anything else of this shape. */
export interface Payments {
  charge(charge: Charge, options: { readonly idempotencyKey: string }): Promise<Receipt>
  listMethods(): Promise<PaymentMethods>
}

/** The orders service, an Express application. */
export function ordersService(payments: Payments): Express {
  const placed = new Map<string, Order>([['1', { id: '1', item: 'tea', cents: 450, paid: true }]])
  const app = express()
  app.use(express.json())

  app.get('/orders/:id', (request, response) => {
    const order = placed.get(request.params.id)
    if (order === undefined) sendProblem(response, 404, 'no such order')
    else response.json(order)
  })

  app.post('/orders', async (request, response) => {
    const input = orders.placeOrder.input.safeParse(request.body)
    if (!input.success) return sendProblem(response, 400, 'not an order')
    const { item, cents } = input.data
    const idempotencyKey = request.get('idempotency-key') ?? randomUUID()
    const id = `order-${idempotencyKey}`
    try {
      await payments.charge({ orderId: id, cents }, { idempotencyKey })
    } catch (error) {
      return sendPaymentFailed(response, error)
    }
    const order = { id, item, cents, paid: true }
    placed.set(id, order)
    response.status(201).json(order)
  })

  app.get('/payment-methods', async (_request, response) => {
    response.json(await payments.listMethods())
  })
  return app
}

/** Payments was tried as often as is good for it. Callers are told not to try again, or attempts would multiply. */
function sendPaymentFailed(response: Response, error: unknown): void {
  response.set('x-should-retry', 'false')
  if (isHoldfastError(error, 'CIRCUIT_OPEN')) sendProblem(response, 503, 'payments is out of order')
  else sendProblem(response, 502, 'payments did not answer')
}

function sendProblem(response: Response, status: number, title: string): void {
  response.status(status).type('application/problem+json').json({ title, status })
}
