import { startTelemetry } from '@holdfast/core/otel'
import type { Arm } from '../arm.js'
import { startGateway } from './gateway.js'
import { startOrders } from './orders.js'
import { startPayments } from './payments.js'

/** Express and Fastify with the adapters of Holdfast, calling by Holdfast clients. */
export const holdfastArm: Arm = {
  name: 'Holdfast',

  async start(settings) {
    const { journal } = settings
    // One SDK for the process, which holds three services here. A service of its own has `startTelemetry({ service })`.
    const telemetry = await startTelemetry({ serviceName: 'outage-demo', exporter: journal.exporter })
    journal.flushBy(() => telemetry.forceFlush())
    const payments = await startPayments(settings)
    const orders = await startOrders(payments.url, settings)
    const gateway = await startGateway(orders.url, settings)
    return {
      urls: { gateway: gateway.url, orders: orders.url, payments: payments.url },
      payments: payments.server,
      async [Symbol.asyncDispose]() {
        // Callers before those they call, so that every request in flight is still answered.
        for (const { service } of [gateway, orders, payments]) await service.shutdown()
        await telemetry.shutdown()
      },
    }
  },
}
