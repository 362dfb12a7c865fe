import { type ErrorCode, isHoldfastError } from '../../foundation/errors/index.js'

const localRefusals: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'CIRCUIT_OPEN',
  'CONCURRENCY_LIMIT',
  'RATE_LIMITED',
  'NO_ENDPOINTS',
  'CLOSED',
])

/** Whether a policy of this process refused the call, so that nothing was sent and nothing was learnt. */
export function isLocalRefusal(error: unknown): boolean {
  return isHoldfastError(error) && localRefusals.has(error.code)
}
