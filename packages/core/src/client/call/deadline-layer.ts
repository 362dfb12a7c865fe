import { type Execution, linkTimeout, timeoutErrors } from '../../policies/index.js'
import type { Layer } from '../slots/repeat-layers.js'
import type { RunningCall } from './running-call.js'

const timeoutOf = (execution: Execution) => (execution.data as RunningCall).timeoutMs

/**
 * The layer that ends what is within when the time of the call is up. Where nothing around it outlives the deadline,
 * the whole execution expires and needs no fork.
 */
export function deadlineLayer(isOutermost: boolean): Layer {
  if (!isOutermost) return (next) => linkTimeout(next, timeoutOf, timeoutErrors.total)
  return (next) => (execution) => {
    const { timeoutMs, startedAt } = execution.data as RunningCall
    if (timeoutMs === undefined) return next(execution)
    execution.expireIn(timeoutMs, timeoutErrors.total, startedAt)
    const pending = next(execution)
    execution.arm(startedAt)
    return pending
  }
}
