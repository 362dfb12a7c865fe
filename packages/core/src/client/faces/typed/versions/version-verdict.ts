import { isHoldfastError, outcomeOfCode } from '../../../../foundation/errors/index.js'
import type { SettledCall } from '../../../call/call-observer.js'

/**
 * Whether a call went well for the version that it was sent to; `undefined` where it says nothing about it. A version
 * whose breaker is open, or whose limit is full, fails the calls that it is sent, and so does one whose fallback answers.
 */
export function versionDidWell(
  call: SettledCall,
  error: unknown,
  failureStatuses: readonly number[],
): boolean | undefined {
  // What another call has fetched is that call's to tell.
  if (call.isCoalesced || call.cached === 'hit') return undefined
  if (call.cached === 'stale') return call.attempts > 0 ? false : undefined
  if (error === undefined) return call.status !== 0
  if (!isHoldfastError(error)) return undefined
  if (error.code !== 'HTTP_STATUS')
    return outcomeOfCode(error.code).call.version === 'none' ? undefined : false
  const { status = 0 } = error as { readonly status?: number }
  return status < 500 && !failureStatuses.includes(status)
}
