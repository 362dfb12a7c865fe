import type { FaultServer } from '@holdfast/core/testing'
import type { PaymentMethods } from '../contracts.js'
import type { Journal } from '../trail/journal.js'

/** A circuit breaker that changed its state. */
export interface Transition {
  readonly dependency: string
  readonly state: 'open' | 'half-open' | 'closed'
}

/** What the services of a side are started with. */
export interface ArmSettings {
  readonly seed: number
  readonly onTransition: (transition: Transition) => void
  /** Where log lines and spans go, of a side that has any. */
  readonly journal: Journal
}

/** Where each service listens. */
export interface ServiceUrls {
  readonly gateway: string
  readonly orders: string
  readonly payments: string
}

/** The three services of a side. `await using` stops them. */
export interface ArmServices extends AsyncDisposable {
  readonly urls: ServiceUrls
  readonly payments: FaultServer
}

/** One way of building services that call each other: the only difference between the two sides. */
export interface Arm {
  readonly name: string
  start(settings: ArmSettings): Promise<ArmServices>
}

/** How one can always pay: shown when payments cannot be asked. */
export const methodsFallback: PaymentMethods = { methods: ['invoice'], source: 'fallback' }
