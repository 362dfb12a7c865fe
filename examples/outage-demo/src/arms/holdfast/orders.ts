import { createService, type Service } from '@holdfast/core'
import { errorHandler, holdfast } from '@holdfast/express'
import express from 'express'
import { payments } from '../../contracts.js'
import { ordersRoutes } from '../../services/orders.js'
import { type ArmSettings, methodsFallback } from '../arm.js'
import { reportTransitions } from './report-transitions.js'

/** Starts orders, a service on Express. */
export async function startOrders(
  paymentsUrl: string,
  { journal, onTransition }: ArmSettings,
): Promise<{ readonly service: Service; readonly url: string }> {
  const service = createService({ name: 'orders', logger: journal.loggerOf('orders'), signals: false })
  // The defaults, but for two things: the attempt timeout is that of the other side, and one operation has a fallback.
  const client = service.createClient(payments, {
    baseUrl: paymentsUrl,
    attemptTimeoutMs: 1_000,
    operations: { listMethods: { fallback: () => methodsFallback } },
  })
  reportTransitions(client, onTransition)

  const app = express()
  app.use(holdfast(service))
  ordersRoutes(app, client)
  app.use(errorHandler(service))
  const { url } = await service.listen(app, { port: 0, host: '127.0.0.1' })
  return { service, url }
}
