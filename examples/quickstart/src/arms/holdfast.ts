import { type ClientControls, createClient } from '@holdfast/core'
import { orders, payments } from '../contracts.js'
import { type Arm, methodsFallback, type Transition } from './arm.js'

/**
 * Holdfast with its defaults, but for two things: the attempt timeout is that of the other side, and one operation
 * has a fallback.
 */
export const holdfastArm: Arm = {
  name: 'Holdfast',

  connectPayments(baseUrl, onTransition) {
    const client = createClient(payments, {
      baseUrl,
      attemptTimeoutMs: 1_000,
      operations: { listMethods: { fallback: () => methodsFallback } },
    })
    return reporting(client, onTransition)
  },

  connectOrders(baseUrl, onTransition) {
    return reporting(createClient(orders, { baseUrl }), onTransition)
  },
}

function reporting<Client extends ClientControls>(
  client: Client,
  onTransition: (transition: Transition) => void,
): Client {
  client.$on('open', ({ dependency }) => onTransition({ dependency, state: 'open' }))
  client.$on('halfOpen', ({ dependency }) => onTransition({ dependency, state: 'half-open' }))
  client.$on('close', ({ dependency }) => onTransition({ dependency, state: 'closed' }))
  return client
}
