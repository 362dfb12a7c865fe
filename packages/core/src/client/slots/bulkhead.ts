import { type Bulkhead, type BulkheadOptions, bulkhead, resolveBulkhead } from '../../policies/index.js'
import { checkSlot, inShadow } from './check-slot.js'
import { checkConnections, forwardRejections } from './limits.js'
import type { KeptSlot } from './policy-slot.js'

/** The option `bulkhead`. */
export interface WithBulkhead {
  /**
   * A fixed limit in place of the adaptive one; `false` for no limit.
   * @default none
   */
  readonly bulkhead?: BulkheadOptions | false
}

/** There is one for all endpoints; the attempt takes its permit itself. */
export const bulkheadSlot = {
  name: 'bulkhead',
  per: 'dependency',
  lifetime: 'changeable',
  canShadow: true,
  check(check, given) {
    checkSlot(check, 'bulkhead', bulkheadSlot.optionsOf(given), (options) => resolveBulkhead(options))
  },
  optionsOf: ({ bulkhead: given = false, shadow }) => inShadow(shadow, given),
  make: bulkhead,
  checkChange(check, { after, connections }) {
    const { maxConcurrent } = resolveBulkhead(after)
    checkConnections(check, 'bulkhead.maxConcurrent', maxConcurrent, connections)
  },
  forward: forwardRejections,
  permits: ({ maxConcurrent, inFlight, queued }) => ({ limit: maxConcurrent, inFlight, queued }),
  maxPermits: (options) => resolveBulkhead(options).maxConcurrent,
} as const satisfies KeptSlot<WithBulkhead, BulkheadOptions, Bulkhead>
