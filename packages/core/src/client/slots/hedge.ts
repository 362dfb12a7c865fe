import type { HedgeSettings } from '../../contract/index.js'
import { hedgeAfter } from '../../policies/index.js'
import { namesOf } from '../attempt/named-call.js'
import type { PolicySlot, RepeatableCall } from './policy-slot.js'

/** The option `hedge`. */
export interface WithHedge {
  /**
   * Sends a second request when the first is late; idempotent operations only. `true` for the observed p97.
   * @default false
   */
  readonly hedge?: boolean | HedgeSettings
}

/** The second leg of a slow attempt. */
export const hedgeSlot = {
  name: 'hedge',
  lifetime: 'changeable',
  link(next, { dependency, events, hedge: settings, memory = {}, retryBudget }) {
    if (settings === false) return next
    const policy = hedgeAfter(memory.hedge, {
      ...settings,
      budget: retryBudget ?? false,
      when: (execution) => (execution.data as RepeatableCall).replayable,
    })
    memory.hedge = policy
    policy.on('hedge', ({ delayMs, execution }) => {
      events.emit('hedge', { dependency, ...namesOf(execution), delayMs })
    })
    return policy.link(next)
  },
} as const satisfies PolicySlot<WithHedge>
