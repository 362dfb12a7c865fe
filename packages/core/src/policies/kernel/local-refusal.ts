import { isHoldfastError, outcomeOfCode } from '../../foundation/errors/index.js'

/** Whether a policy of this process refused the call, so that nothing was sent and nothing was learnt. */
export function isLocalRefusal(error: unknown): boolean {
  return isHoldfastError(error) && outcomeOfCode(error.code).call.refused
}
