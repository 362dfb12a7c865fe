import type { Transition } from '../arms/arm.js'
import type { CallKind, Outcome } from '../load/traffic.js'
import type { Trail } from '../trail/trail.js'

/** A call that has settled; times in milliseconds from the start of the experiment. */
export interface SettledCall {
  readonly kind: CallKind
  readonly startMs: number
  readonly endMs: number
  readonly outcome: Outcome
}

/** A breaker's change of state, and when. */
export interface TimedTransition extends Transition {
  readonly atMs: number
}

/** What one side knows at its end, beside its calls. */
export interface SideRecord {
  /** The longest that a call was made after it was due, in milliseconds: how well the load generator kept up. */
  readonly maxLateMs: number
  readonly transitions: readonly TimedTransition[]
  /** Requests that reached payments, by the name of the phase. */
  readonly requests: Readonly<Record<string, number>>
  /** The way of one request while payments failed, of a side that logs and traces. */
  readonly trail?: Trail | undefined
}

/** All that was seen of one side. */
export interface ArmRecord extends SideRecord {
  readonly name: string
  /** In the order in which they settled. */
  readonly calls: readonly SettledCall[]
}

/** Whether a call can only be answered with the help of payments. */
export function needsPayments({ kind }: { readonly kind: CallKind }): boolean {
  return kind !== 'readOrder'
}
