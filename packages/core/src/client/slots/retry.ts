import type { RetrySettings } from '../../contract/index.js'
import { HttpError } from '../../foundation/errors/index.js'
import { type Execution, retry } from '../../policies/index.js'
import { verdictOf } from '../attempt/attempt-facts.js'
import { namesOf } from '../attempt/named-call.js'
import type { PolicySlot, RepeatableCall } from './policy-slot.js'

/** The option `retry`. */
export interface WithRetry {
  /**
   * `false` for no retries.
   * @default 3 attempts, full jitter from 50 ms up to 2 s
   */
  readonly retry?: false | RetrySettings
}

/** Further attempts. `false` still makes the layer, which then fills the budget that hedges use. */
export const retrySlot = {
  name: 'retry',
  lifetime: 'changeable',
  link(next, { dependency, events, random = Math.random, retry: settings, retryAfterMs, retryBudget }) {
    const { statuses = [], ...backoff } = settings === false ? { maxAttempts: 1 } : settings
    const policy = retry({
      ...backoff,
      budget: retryBudget ?? false,
      random,
      ...(retryAfterMs && { retryAfterMs }),
      earns: (error, execution) => verdictOf(error, execution).earns,
      when: (error, execution) => settings !== false && isWorthRetrying(error, execution, statuses),
    })
    policy.on('retry', ({ attempt, delayMs, error, execution }) => {
      events.emit('retry', { dependency, ...namesOf(execution), attempt, delayMs, error })
    })
    return policy.link(next)
  },
} as const satisfies PolicySlot<WithRetry>

/** Whether the failure of an attempt deserves another one, by the table of `classify`. */
export function isWorthRetrying(error: unknown, execution: Execution, optIn: readonly number[]): boolean {
  // A policy passes on what it was given and knows no calls: here is what a client has given it.
  const call = execution.data as RepeatableCall
  if (call.request?.replayable === false || saysNotTo(error)) return false
  const verdict = verdictOf(error, execution)
  if (verdict.retry === 'always') return true
  if (!call.replayable) return false
  if (verdict.retry === 'replayable') return true
  return verdict.retry === 'optIn' && error instanceof HttpError && optIn.includes(error.status)
}

/** A dependency whose own dependencies are exhausted asks its callers not to add to it. */
function saysNotTo(error: unknown): boolean {
  return error instanceof HttpError && error.headers['x-should-retry'] === 'false'
}
