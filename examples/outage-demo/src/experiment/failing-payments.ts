import {
  answer,
  type Behaviour,
  capacity,
  delay,
  exponential,
  type Fault,
  type FaultServer,
  faultServer,
  phases,
  sometimes,
  stall,
} from '@holdfast/core/testing'
import { paymentsService } from '../services/payments.js'
import type { PhaseName } from './phases.js'

/** How much payments can do: 14 requests at a time, each for 100 ms on average, makes 140 a second. */
const paymentsCapacity = { slots: 14, serviceTimeMs: 100 }

/** The work on a request ends when its listener has, whether or not the caller waits for it. */
const service: Fault = { kind: '', apply: ({ request, response }) => paymentsService(request, response) }

type InEachPhase = Readonly<Record<PhaseName, Behaviour>>

/**
 * The payments service behind the fault server. An error takes as much work as an answer, and work on a request goes on
 * when its caller has given up, as in most services. In the black hole requests are accepted and never answered.
 *
 * Attempts are told apart by call, not by time: the n-th attempt of a call meets the same fate on both sides.
 *
 * @param around what a request goes through before any fault
 */
export function failingPayments(seed: number, around: Behaviour = []): Promise<FaultServer> {
  const silence: InEachPhase = { healthy: [], errors: [], blackHole: stall(), recovery: [] }
  const errors: InEachPhase = {
    healthy: [],
    errors: sometimes(0.5, answer(503)),
    blackHole: [],
    recovery: [],
  }
  return faultServer({
    seed,
    phase: 'healthy',
    logSize: 0,
    verdictHeader: 'idempotency-key',
    routes: {
      '*': [
        around,
        phases(silence),
        capacity({ slots: paymentsCapacity.slots }),
        delay(exponential(paymentsCapacity.serviceTimeMs)),
        phases(errors),
        service,
      ],
    },
  })
}
