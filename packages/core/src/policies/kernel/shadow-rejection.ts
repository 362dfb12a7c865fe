import type { Execution } from './execution.js'

/** What a limit in shadow would have done to a call; `queued`: it would have had it wait. */
export interface ShadowRejection {
  readonly reason: 'no free permit' | 'queue full' | 'queued'
  readonly execution: Execution
}

/**
 * What becomes of a call for which there is no permit, as far as can be told without having anybody wait: all calls
 * above the limit count as waiting, for as long as they run.
 */
export function shadowRejection(execution: Execution, waiting: number, maxQueue: number): ShadowRejection {
  if (execution.attempt > 1 || execution.hedged) return { reason: 'no free permit', execution }
  return { reason: waiting >= maxQueue ? 'queue full' : 'queued', execution }
}
