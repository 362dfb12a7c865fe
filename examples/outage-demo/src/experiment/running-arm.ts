import type { FaultServerStats } from '@holdfast/core/testing'
import type { Arm, ArmSettings, ServiceUrls } from '../arms/arm.js'
import { Caller } from '../load/caller.js'
import { Journal } from '../trail/journal.js'
import type { PhaseName } from './phases.js'

/** The three services of one side, and who calls them. `await using` stops them. */
export interface RunningArm extends AsyncDisposable {
  readonly name: string
  readonly urls: ServiceUrls
  readonly caller: Caller
  /** What the services have logged and traced. */
  readonly journal: Journal
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
  onTransition: ArmSettings['onTransition'] = () => {},
): Promise<RunningArm> {
  const journal = new Journal()
  const services = await arm.start({ seed, onTransition, journal })
  const { payments, urls } = services
  const caller = new Caller(urls.gateway)
  return {
    name: arm.name,
    urls,
    caller,
    journal,
    clear: () => payments.clear(),
    enter: (phase) => payments.phase(phase),
    requestsAtPayments: (phase) => countRequests(payments.stats(), phase),
    async [Symbol.asyncDispose]() {
      caller[Symbol.dispose]()
      await services[Symbol.asyncDispose]()
    },
  }
}

function countRequests({ routes }: FaultServerStats, phase: PhaseName): number {
  return Object.values(routes).reduce((sum, byPhase) => sum + (byPhase[phase]?.requests ?? 0), 0)
}
