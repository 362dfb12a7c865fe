import {
  type RetryBudget,
  type RetryBudgetOptions,
  resolveRetryBudget,
  retryBudget,
} from '../../policies/index.js'
import { checkSlot } from './check-slot.js'
import type { KeptSlot } from './policy-slot.js'

/** The option `retryBudget`. */
export interface WithRetryBudget {
  /**
   * What pays for retries and hedges; pass one to share it between clients of one dependency. `false` for no bound.
   * @default a tenth of a retry for each first attempt that succeeds, 10 at the start
   */
  readonly retryBudget?: RetryBudget | RetryBudgetOptions | false
}

/** Whether it is a budget, and not the options of one. */
function isBudget(value: object | false | undefined): value is RetryBudget {
  return typeof (value as Partial<RetryBudget> | undefined)?.tryWithdraw === 'function'
}

/** There is one for all endpoints, which retry and hedge pay from; one that was given stays its owner's. */
export const retryBudgetSlot = {
  name: 'retryBudget',
  per: 'dependency',
  lifetime: 'changeable',
  check(check, { retryBudget: given = {} }) {
    if (isBudget(given)) return
    checkSlot(check, 'retryBudget', given, (options) => resolveRetryBudget(options))
  },
  optionsOf: ({ retryBudget: given = {} }) => given,
  isMade: isBudget,
  make: retryBudget,
} as const satisfies KeptSlot<WithRetryBudget, RetryBudgetOptions, RetryBudget>
