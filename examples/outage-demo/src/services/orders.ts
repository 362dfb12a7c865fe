import { randomUUID } from 'node:crypto'
import { invalidRequest, isHoldfastError, ProblemError } from '@holdfast/core'
import express, { type Express } from 'express'
import { type Charge, type Order, orders, type PaymentMethods, type Receipt } from '../contracts.js'

/** What orders needs of payments. A Holdfast client of the contract fits, and so does anything else of this shape. */
export interface Payments {
  charge(charge: Charge, options: { readonly idempotencyKey: string }): Promise<Receipt>
  listMethods(): Promise<PaymentMethods>
}

/** The routes of orders. */
export function ordersRoutes(app: Express, payments: Payments): void {
  const placed = new Map<string, Order>([['1', { id: '1', item: 'tea', cents: 450, paid: true }]])
  app.use(express.json())

  app.get('/orders/:id', (request, response) => {
    const order = placed.get(request.params.id)
    if (order === undefined) throw new ProblemError(404, 'no such order')
    response.json(order)
  })

  app.post('/orders', async (request, response) => {
    const input = orders.placeOrder.input.safeParse(request.body)
    if (!input.success) throw invalidRequest(input.error.issues)
    const { item, cents } = input.data
    const idempotencyKey = request.get('idempotency-key') ?? randomUUID()
    const id = `order-${idempotencyKey}`
    try {
      await payments.charge({ orderId: id, cents }, { idempotencyKey })
    } catch (error) {
      throw paymentFailed(error)
    }
    const order = { id, item, cents, paid: true }
    placed.set(id, order)
    response.status(201).json(order)
  })

  app.get('/payment-methods', async (_request, response) => {
    response.json(await payments.listMethods())
  })
}

/** Payments was tried as often as is good for it. Callers are told not to try again, or attempts would multiply. */
function paymentFailed(cause: unknown): ProblemError {
  const headers = { 'x-should-retry': 'false' }
  if (isHoldfastError(cause, 'CIRCUIT_OPEN')) {
    return new ProblemError(503, 'payments is out of order', { headers, cause })
  }
  return new ProblemError(502, 'payments did not answer', { headers, cause })
}
