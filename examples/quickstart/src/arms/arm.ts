import type { PaymentMethods } from '../contracts.js'
import type { Orders } from '../services/gateway.js'
import type { Payments } from '../services/orders.js'

/** A circuit breaker that changed its state. */
export interface Transition {
  readonly dependency: string
  readonly state: 'open' | 'half-open' | 'closed'
}

/** One way of calling other services: the only difference between the two sides of the experiment. */
export interface Arm {
  readonly name: string
  connectPayments(url: string, onTransition: (transition: Transition) => void): Payments & AsyncDisposable
  connectOrders(url: string, onTransition: (transition: Transition) => void): Orders & AsyncDisposable
}

/** How one can always pay: shown when payments cannot be asked. */
export const methodsFallback: PaymentMethods = { methods: ['invoice'], source: 'fallback' }
