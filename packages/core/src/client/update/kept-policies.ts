import type { OptionCheck } from '../../foundation/config/index.js'
import { reconfigure } from '../../policies/index.js'
import type { Permits } from '../slots/policy-slot.js'
import {
  type DependencyPolicies,
  dependencySlots,
  keptSlots,
  type SharedPolicyOptions,
} from '../slots/policy-slots.js'
import { closePolicies, permitsOf } from '../slots/shared-policies.js'

type ByName = Record<string, object | undefined>

/**
 * The policies of a client whose options change. Each is made once: its state stays while its options change, and one
 * that is switched off is kept, because calls in flight hold its permits and give them back to it.
 */
export class KeptPolicies {
  /** Not those that were given, which are their owners'. */
  readonly #kept: ByName = {}
  /** What each of them has last gone by, in use or not. */
  readonly #last: ByName = {}
  readonly #onMade: (policies: Partial<DependencyPolicies>) => void

  /** @param onMade is told of policies that are made later */
  constructor(
    policies: DependencyPolicies,
    options: SharedPolicyOptions,
    onMade: (policies: Partial<DependencyPolicies>) => void,
  ) {
    this.#onMade = onMade
    this.#remember(options)
    for (const { isMade, name } of dependencySlots) {
      const made = (policies as ByName)[name]
      if (made !== undefined && !isMade?.(this.#last[name] as object)) this.#kept[name] = made
    }
  }

  /**
   * Tells `check` how options that are right by themselves may not follow those that hold.
   * @param connections those that the client was made with by its limit; `undefined` where others say so
   */
  checkChange(check: OptionCheck, options: SharedPolicyOptions, connections: number | undefined): void {
    for (const { checkChange, name, optionsOf } of keptSlots) {
      const after = optionsOf(options)
      if (after !== false) checkChange?.(check, { before: this.#last[name], after, connections })
    }
  }

  /** The policies by options that have been checked. */
  by(options: SharedPolicyOptions): DependencyPolicies {
    this.#remember(options)
    const policies = dependencySlots.map((slot) => [slot.name, this.#keep(slot, slot.optionsOf(options))])
    return Object.fromEntries(policies)
  }

  #remember(options: SharedPolicyOptions): void {
    for (const { name, optionsOf } of keptSlots) {
      const own = optionsOf(options)
      if (own !== false) this.#last[name] = own
    }
  }

  #keep(
    { isMade, make, name }: (typeof dependencySlots)[number],
    options: object | false,
  ): object | undefined {
    if (options === false) return undefined
    if (isMade?.(options)) return options
    const kept = this.#kept[name]
    if (kept !== undefined) {
      reconfigure(kept, options)
      return kept
    }
    const made = make(options)
    this.#kept[name] = made
    this.#onMade({ [name]: made })
    return made
  }

  /** Those who hold a permit of a limit that was switched off count as long as they do. */
  permits(now: DependencyPolicies): Permits {
    let [inFlight, queued] = [0, 0]
    for (const { name, permits } of dependencySlots) {
      const kept = this.#kept[name]
      const held = kept && permits?.(kept)
      inFlight += held?.inFlight ?? 0
      queued += held?.queued ?? 0
    }
    return { limit: permitsOf(now).limit, inFlight, queued }
  }

  close(): void {
    closePolicies(this.#kept)
  }
}
