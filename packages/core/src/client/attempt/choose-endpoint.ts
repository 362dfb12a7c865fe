import { isHoldfastError } from '../../foundation/errors/index.js'
import type { Execution } from '../../policies/index.js'
import { addTried, type EndpointState } from '../../upstream/endpoints/index.js'
import type { AttemptTarget, BalancedCall, ChosenTarget, Targets } from './attempt-guards.js'

/** One that is doing well, and that the call has not been sent to before; the other leg of a hedged call counts. */
export function chooseEndpoint<Target extends AttemptTarget>(
  targets: Targets<Target>,
  execution: Execution,
  now: number,
): EndpointState<Target & ChosenTarget> {
  const { set, refused } = targets as Extract<Targets<Target>, { refused: unknown }>
  const call = execution.data as BalancedCall<Target & ChosenTarget>
  const state = set.pick(call.tried, now)
  if (state === undefined) {
    const refusal = set.refusal()
    if (isHoldfastError(refusal, 'CIRCUIT_OPEN')) refused(execution)
    throw refusal
  }
  call.tried = addTried(call.tried, state)
  state.began()
  return state
}
