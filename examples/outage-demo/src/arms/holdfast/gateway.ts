import { createService, eventLoopCheck, type Service } from '@holdfast/core'
import { frameworkErrors, holdfast } from '@holdfast/fastify'
import Fastify from 'fastify'
import { orders } from '../../contracts.js'
import { gatewayRoutes } from '../../services/gateway.js'
import type { ArmSettings } from '../arm.js'
import { reportTransitions } from './report-transitions.js'

/** Starts the gateway, a service on Fastify. */
export async function startGateway(
  ordersUrl: string,
  { journal, onTransition }: ArmSettings,
): Promise<{ readonly service: Service; readonly url: string }> {
  // Three services share this process, which stops them in order. One that has its process to itself follows signals.
  const service = createService({ name: 'gateway', logger: journal.loggerOf('gateway'), signals: false })
  service.health.add('event-loop', eventLoopCheck(), { critical: false })
  const client = service.createClient(orders, { baseUrl: ordersUrl })
  reportTransitions(client, onTransition)

  const app = Fastify({ frameworkErrors: frameworkErrors(service) })
  await app.register(holdfast, { service })
  gatewayRoutes(app, client)
  const { url } = await service.listen(app, { port: 0, host: '127.0.0.1' })
  return { service, url }
}
