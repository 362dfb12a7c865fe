import type { FaultServerStats } from '@holdfast/core/testing'
import type { Arm, Transition } from '../arms/arm.js'
import { Caller } from '../load/caller.js'
import { gatewayService } from '../services/gateway.js'
import { ordersService } from '../services/orders.js'
import { listen } from '../services/running-service.js'
import { failingPayments } from './failing-payments.js'
import type { PhaseName } from './phases.js'

/** The three services of one side, and who calls them. `await using` stops them. */
export interface RunningArm extends AsyncDisposable {
  readonly name: string
  readonly gatewayUrl: string
  readonly caller: Caller
  /** Forgets the requests that have reached payments so far. */
  clear(): void
  /** Moves payments on to another phase. */
  enter(phase: PhaseName): void
  /** Requests that have reached payments in a phase. */
  requestsAtPayments(phase: PhaseName): number
}

/** Starts payments, orders and gateway, each on a port of its own and calling the next the way of `arm`. */
export async function startArm(
  arm: Arm,
  seed: number,
  onTransition: (transition: Transition) => void = () => {},
): Promise<RunningArm> {
  const payments = await failingPayments(seed)
  const paymentsClient = arm.connectPayments(payments.url, onTransition)
  const orders = await listen(ordersService(paymentsClient))
  const ordersClient = arm.connectOrders(orders.url, onTransition)
  const gateway = gatewayService(ordersClient)
  const gatewayUrl = await gateway.listen({ port: 0, host: '127.0.0.1' })
  const caller = new Caller(gatewayUrl)
  return {
    name: arm.name,
    gatewayUrl,
    caller,
    clear: () => payments.clear(),
    enter: (phase) => payments.phase(phase),
    requestsAtPayments: (phase) => countRequests(payments.stats(), phase),
    async [Symbol.asyncDispose]() {
      caller[Symbol.dispose]()
      await gateway.close()
      for (const part of [ordersClient, orders, paymentsClient, payments]) await part[Symbol.asyncDispose]()
    },
  }
}

function countRequests({ routes }: FaultServerStats, phase: PhaseName): number {
  return Object.values(routes).reduce((sum, byPhase) => sum + (byPhase[phase]?.requests ?? 0), 0)
}
