import {
  checkRateLimitChange,
  type RateLimit,
  type RateLimitOptions,
  rateLimit,
  resolveRateLimitOptions,
} from '../../policies/index.js'
import { namesOf } from '../attempt/named-call.js'
import { checkSlot, inShadow } from './check-slot.js'
import type { KeptSlot } from './policy-slot.js'

/** The option `rateLimit`. */
export interface WithRateLimit {
  /**
   * A quota that the dependency grants, counted in calls.
   * @default false
   */
  readonly rateLimit?: RateLimitOptions | false
}

/** There is one for all endpoints, around the retries of a call, which it counts once. */
export const rateLimitSlot = {
  name: 'rateLimit',
  per: 'dependency',
  lifetime: 'changeable',
  canShadow: true,
  check(check, given) {
    checkSlot(check, 'rateLimit', rateLimitSlot.optionsOf(given), resolveRateLimitOptions)
  },
  optionsOf: ({ rateLimit: given = false, shadow }) => inShadow(shadow, given),
  make: rateLimit,
  checkChange(check, { before, after }) {
    if (before === undefined) return
    check.nest('rateLimit', () =>
      checkRateLimitChange(resolveRateLimitOptions(before), resolveRateLimitOptions(after)),
    )
  },
  forward(quota, { dependency, events }) {
    quota.on('reject', ({ execution }) => {
      events.emit('reject', { dependency, ...namesOf(execution), reason: 'rate limit' })
    })
    quota.on('shadowReject', ({ execution }) => {
      events.emit('shadowReject', { dependency, ...namesOf(execution), reason: 'rate limit' })
    })
  },
  link: (next, { rateLimit: quota }) => quota?.link(next) ?? next,
  close: (quota) => quota.close(),
} as const satisfies KeptSlot<WithRateLimit, RateLimitOptions, RateLimit>
