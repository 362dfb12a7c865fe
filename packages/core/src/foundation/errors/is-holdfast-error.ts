import type * as call from './call-errors.js'
import type * as contract from './contract-errors.js'
import type { ErrorCode } from './error-code.js'
import { brand, type HoldfastError } from './holdfast-error.js'
import type * as transport from './transport-errors.js'

/** The class of each code. */
export interface ErrorByCode {
  readonly ABORTED: call.AbortedError
  readonly ATTEMPT_TIMEOUT: call.AttemptTimeoutError
  readonly BODY_TIMEOUT: call.BodyTimeoutError
  readonly CIRCUIT_OPEN: call.CircuitOpenError
  readonly CLOSED: call.ClosedError
  readonly CONCURRENCY_LIMIT: call.ConcurrencyLimitError
  readonly CONFIG_INVALID: contract.ConfigInvalidError
  readonly CONNECTION_LOST: transport.ConnectionLostError
  readonly CONNECT_FAILED: transport.ConnectFailedError
  readonly DEADLINE_EXCEEDED: call.DeadlineExceededError
  readonly DNS_FAILED: transport.DnsFailedError
  readonly HTTP_STATUS: contract.HttpError
  readonly INVALID_INPUT: contract.InvalidInputError
  readonly INVALID_RESPONSE: contract.InvalidResponseError
  readonly LOCAL_RESOURCE: transport.LocalResourceError
  readonly NO_ENDPOINTS: call.NoEndpointsError
  readonly PROTOCOL_ERROR: transport.ProtocolError
  readonly RATE_LIMITED: call.RateLimitedError
  readonly RESPONSE_TOO_LARGE: transport.ResponseTooLargeError
  readonly TLS_FAILED: transport.TlsFailedError
}

/**
 * Whether `error` was thrown by Holdfast, also by another copy of it; with `code`, whether it is of that code and so
 * of that class.
 *
 * @example
 * ```ts
 * import { isHoldfastError } from '@holdfast/core'
 *
 * const secondsToWait = (error: unknown) =>
 *   isHoldfastError(error, 'CIRCUIT_OPEN') ? (error.retryAfterMs ?? 0) / 1_000 : 0
 * ```
 */
export function isHoldfastError(error: unknown): error is HoldfastError
export function isHoldfastError<Code extends ErrorCode>(
  error: unknown,
  code: Code,
): error is ErrorByCode[Code]
export function isHoldfastError(error: unknown, code?: ErrorCode): boolean {
  if (typeof error !== 'object' || error === null || !(brand in error)) return false
  return code === undefined || (error as HoldfastError).code === code
}
