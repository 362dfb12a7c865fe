/** The orders service: what it offers, and the service itself. */
import { type Chaos, createService, defineContract, ProblemError } from '@holdfast/core'
import { errorHandler, holdfast } from '@holdfast/express'
import express from 'express'
import { z } from 'zod'

const Order = z.object({ item: z.string(), status: z.string() })

/** What orders offers. Whoever calls it gets typed calls and checked answers from this object. */
export const orders = defineContract('orders', {
  getOrder: { method: 'GET', path: '/orders/{id}', input: z.object({ id: z.string() }), output: Order },
})

/** Starts the service, which fails on purpose when `faults` say so. */
export async function startOrders(faults: Chaos) {
  const service = createService({ name: 'orders', chaos: faults, logLevel: 'silent' }) // 'info' is the default
  service.health.add('database', async () => true) // what /health and /readyz ask

  const app = express()
  app.use(holdfast(service)) // first: gives every request a context, a log line, a place in /metrics
  app.get('/orders/:id', ({ params }, response) => {
    if (params.id !== '42') throw new ProblemError(404, 'no such order')
    response.json({ item: 'tea', status: 'paid' })
  })
  app.use(errorHandler(service)) // last: answers errors in a form that callers can read

  const { url } = await service.listen(app, { port: 0, host: '127.0.0.1' })
  return { url, stop: () => service.shutdown() }
}
