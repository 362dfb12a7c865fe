import type { OptionCheck } from '../../foundation/config/index.js'
import { type Chaos, chaos } from './chaos.js'
import { type ChaosOptions, checkChaosOptions } from './options.js'

/**
 * An option `chaos`: what `chaos()` makes, its options, or `false` for none. What is made without functions that ask for
 * the call is a `Chaos` and of use everywhere.
 */
export type ChaosOption<Call> = ChaosOptions<Call> | Chaos<Call> | Chaos | false

/** Tells `check` what is wrong with an option `chaos`. */
export function checkChaos<Call>(check: OptionCheck, given: ChaosOption<Call> | undefined): void {
  if (given === undefined || given === false || isMade(given)) return
  check.nest('chaos', () => checkChaosOptions(given))
}

/**
 * The chaos that an option asks for.
 * @throws {ConfigInvalidError} `CONFIG_INVALID`, where `checkChaos` has not been asked before
 */
export function resolveChaos<Call>(given: ChaosOption<Call> | undefined): Chaos<Call> | undefined {
  if (given === undefined || given === false) return undefined
  // One whose functions ask for nothing of the call does not care what it is.
  return isMade(given) ? (given as Chaos<Call>) : chaos<Call>(given)
}

/** By its shape: it may come from another copy of this package. */
function isMade<Call>(given: Exclude<ChaosOption<Call>, false>): given is Chaos<Call> | Chaos {
  return typeof (given as Partial<Chaos> | null)?.draw === 'function'
}
