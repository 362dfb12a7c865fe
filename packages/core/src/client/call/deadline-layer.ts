import { type Execution, linkTimeout, timeoutErrors } from '../../policies/index.js'
import type { Layer } from '../slots/policy-slot.js'
import type { RunningCall } from './running-call.js'

const timeoutOf = ({ data }: Execution<RunningCall>) => data.timeoutMs

/**
 * The layer that ends what is within when the time of the call is up. Where nothing around it outlives the deadline,
 * the whole execution expires and needs no fork.
 */
export function deadlineLayer<Call extends RunningCall>(isOutermost: boolean): Layer<Call> {
  if (!isOutermost) return (next) => linkTimeout(next, timeoutOf, timeoutErrors.total)
  return (next) => (execution) => {
    const { timeoutMs, startedAt } = execution.data
    if (timeoutMs === undefined) return next(execution)
    execution.expireIn(timeoutMs, timeoutErrors.total, startedAt)
    const pending = next(execution)
    execution.arm(startedAt)
    return pending
  }
}
