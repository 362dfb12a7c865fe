import { type ChaosOption, checkChaos } from '../../policies/index.js'
import type { PolicySlot } from './policy-slot.js'

/** An attempt that is about to be sent, as the functions of `chaos` are told of it. */
export interface ChaosAttempt {
  /** The name of the contract; of a `fetch` or an interceptor the host. */
  readonly dependency: string
  /** The name in the contract; of a `fetch` or an interceptor the method. */
  readonly operation: string
  readonly method: string
  readonly origin: string
  /** With its query. */
  readonly path: string
  /** 1 for the first attempt. */
  readonly attempt: number
  /** Whether this is the extra leg of a hedged call. */
  readonly hedged: boolean
}

/** The option `chaos`. */
export interface WithChaos {
  /**
   * Faults to inject below everything that is there for faults: what `chaos()` makes, to switch it at run time, or its
   * options. Off unless it is enabled.
   * @default false
   */
  readonly chaos?: ChaosOption<ChaosAttempt>
}

/** Of a client there is one, which only what the client is made with can change; `ClientChaos` draws from it. */
export const chaosSlot = {
  name: 'chaos',
  lifetime: 'fixed',
  check: (check, { chaos }) => checkChaos(check, chaos),
} as const satisfies PolicySlot<WithChaos>
