import { defineContract } from '@holdfast/core'
import { z } from 'zod'

const Charge = z.object({ orderId: z.string(), cents: z.int().positive() })
const Receipt = z.object({ id: z.string(), orderId: z.string(), cents: z.int() })
const PaymentMethods = z.object({ methods: z.array(z.string()), source: z.enum(['payments', 'fallback']) })
const NewOrder = z.object({ item: z.string(), cents: z.int().positive() })
const Order = z.object({ id: z.string(), item: z.string(), cents: z.int(), paid: z.boolean() })
const Problem = z.object({ title: z.string(), status: z.int() })

export type Charge = z.infer<typeof Charge>
export type Receipt = z.infer<typeof Receipt>
export type PaymentMethods = z.infer<typeof PaymentMethods>
export type NewOrder = z.infer<typeof NewOrder>
export type Order = z.infer<typeof Order>

/** What the payments service offers. */
export const payments = defineContract('payments', {
  charge: { method: 'POST', path: '/charges', input: Charge, output: Receipt, idempotent: 'key' },
  listMethods: { method: 'GET', path: '/methods', output: PaymentMethods },
})

/** Orders may need several attempts at payments, so an attempt at orders gets all the time that its call has. */
const retriedBelow = { timeoutMs: 5_000, attemptTimeoutMs: 5_000 }

/** What the orders service offers. */
export const orders = defineContract('orders', {
  getOrder: {
    method: 'GET',
    path: '/orders/{id}',
    input: z.object({ id: z.string() }),
    output: Order,
    errors: { 404: Problem },
  },
  placeOrder: {
    method: 'POST',
    path: '/orders',
    input: NewOrder,
    output: Order,
    errors: { 502: Problem, 503: Problem },
    idempotent: 'key',
    ...retriedBelow,
  },
  listPaymentMethods: { method: 'GET', path: '/payment-methods', output: PaymentMethods, ...retriedBelow },
})
