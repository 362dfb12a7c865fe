import { once } from 'node:events'
import { createService, type Service } from '@holdfast/core'
import { runtimeOf } from '@holdfast/core/server'
import type { Fault, FaultServer } from '@holdfast/core/testing'
import { payments } from '../../contracts.js'
import { failingPayments } from '../../experiment/failing-payments.js'
import type { ArmSettings } from '../arm.js'

/** A service that is listened for by a fault server. */
interface FailingService {
  readonly service: Service
  readonly server: FaultServer
  readonly url: string
}

/** Starts payments. Its server has to be the one that makes it fail, so `service.listen()` cannot be used. */
export async function startPayments({ journal, seed }: ArmSettings): Promise<FailingService> {
  const service = createService({ name: 'payments', logger: journal.loggerOf('payments'), signals: false })
  const server = await failingPayments(seed, observed(service))
  service
    .run(async ({ signal }) => {
      await once(signal, 'abort')
      await server.close()
    })
    .catch((error: unknown) => service.logger.error({ err: error }, 'payments has failed'))
  return { service, server, url: server.url }
}

/** What an adapter does, for the fault server: every request belongs to the service, those that go wrong included. */
function observed(service: Service): Fault {
  const runtime = runtimeOf(service, 'observed()')
  return {
    kind: '',
    async apply({ request, response }, next) {
      if (runtime.isSystemRoute(request.method, request.url)) {
        runtime.answerSystemRoute(request, response)
        return
      }
      const exchange = runtime.begin(request, response)
      exchange.route = Object.values(payments).find(
        ({ method, path }) => method === request.method && path === request.url,
      )?.path
      response.setHeader('x-correlation-id', exchange.correlationId)
      await exchange.run(next)
    },
  }
}
