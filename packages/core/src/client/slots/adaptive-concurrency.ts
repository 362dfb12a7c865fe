import {
  type AdaptiveConcurrency,
  type AdaptiveConcurrencyOptions,
  adaptiveConcurrency,
  checkAdaptiveOptions,
  resolveAdaptiveOptions,
} from '../../policies/index.js'
import type { WithBulkhead } from './bulkhead.js'
import { checkSlot, inShadow, refuseClassify } from './check-slot.js'
import { checkConnections, forwardRejections } from './limits.js'
import type { KeptSlot } from './policy-slot.js'

/** The option `adaptiveConcurrency`. */
export interface WithAdaptiveConcurrency {
  /**
   * How many attempts may be in flight: as many as the service turns out to bear. `false` for no limit.
   * @default up to 200 in flight and 1000 waiting
   */
  readonly adaptiveConcurrency?: Omit<AdaptiveConcurrencyOptions, 'classify'> | false
}

/** There is one for all endpoints, unless a fixed limit is asked for, or none; the attempt takes its permit itself. */
export const adaptiveConcurrencySlot = {
  name: 'adaptiveConcurrency',
  per: 'dependency',
  lifetime: 'changeable',
  canShadow: true,
  check(check, given) {
    if (given.adaptiveConcurrency && given.bulkhead) {
      check.add(
        'adaptiveConcurrency',
        'contradicts bulkhead: the limit is found or fixed; give one of the two',
      )
    }
    const options = adaptiveConcurrencySlot.optionsOf(given)
    refuseClassify(check, 'adaptiveConcurrency', options)
    checkSlot(check, 'adaptiveConcurrency', options, checkAdaptiveOptions)
  },
  optionsOf({ adaptiveConcurrency: given, bulkhead, shadow }) {
    const usual = bulkhead === undefined ? {} : false
    return inShadow(shadow, given === undefined ? usual : given)
  },
  make: adaptiveConcurrency,
  checkChange(check, { after, connections }) {
    const { maxLimit } = resolveAdaptiveOptions(after).limit
    checkConnections(check, 'adaptiveConcurrency.maxLimit', maxLimit, connections)
  },
  forward: forwardRejections,
  permits: ({ limit, inFlight, queued }) => ({ limit, inFlight, queued }),
  maxPermits: (options) => resolveAdaptiveOptions(options).limit.maxLimit,
} as const satisfies KeptSlot<
  WithAdaptiveConcurrency & WithBulkhead,
  AdaptiveConcurrencyOptions,
  AdaptiveConcurrency
>
