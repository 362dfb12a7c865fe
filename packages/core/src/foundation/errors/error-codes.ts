/** What one error code means to a person, to a caller that may retry, and to an HTTP server. */
export interface ErrorCodeInfo {
  /** One sentence, for people. */
  readonly meaning: string
  /** Whether the same call may succeed when it is made again a little later. */
  readonly retryable: boolean
  /** The status with which a service answers its own caller when this error reaches it. */
  readonly status: number
}

const code = (retryable: boolean, status: number, meaning: string): ErrorCodeInfo =>
  Object.freeze({ meaning, retryable, status })

/**
 * Every code that a `HoldfastError` can carry. The error reference in the documentation is this table.
 *
 * @example
 * ```ts
 * import { errorCodes } from '@holdfast/core'
 * console.log(errorCodes.CIRCUIT_OPEN.status) // 503
 * ```
 */
export const errorCodes = Object.freeze({
  DEADLINE_EXCEEDED: code(true, 504, 'The total time of the call ran out.'),
  ATTEMPT_TIMEOUT: code(true, 504, 'One attempt took longer than its own timeout.'),
  BODY_TIMEOUT: code(true, 504, 'The body stopped arriving.'),
  CIRCUIT_OPEN: code(
    true,
    503,
    'The circuit breaker is open: the dependency keeps failing, so nothing was sent.',
  ),
  CONCURRENCY_LIMIT: code(
    true,
    503,
    'Too many calls are in flight: the call found no permit, or waited too long for one.',
  ),
  RATE_LIMITED: code(true, 503, 'The outbound quota is used up, so nothing was sent.'),
  CONNECT_FAILED: code(
    true,
    502,
    'No connection could be made: refused, unreachable, or not answered in time.',
  ),
  CONNECTION_LOST: code(true, 502, 'The connection broke before the whole response had arrived.'),
  DNS_FAILED: code(true, 502, 'The host name could not be resolved.'),
  TLS_FAILED: code(true, 502, 'The TLS handshake failed, usually over a certificate.'),
  PROTOCOL_ERROR: code(false, 502, 'What arrived is not valid HTTP, or not in the encoding it claims.'),
  RESPONSE_TOO_LARGE: code(false, 502, 'The response is larger, after decompression, than allowed.'),
  INVALID_INPUT: code(false, 500, 'The input does not match the contract, so nothing was sent.'),
  INVALID_RESPONSE: code(false, 502, 'The response does not match the contract.'),
  HTTP_STATUS: code(false, 502, 'The dependency answered with an error status.'),
  ABORTED: code(false, 499, 'The caller aborted the call.'),
  NO_ENDPOINTS: code(true, 503, 'No endpoint of the dependency is known.'),
  LOCAL_RESOURCE: code(
    true,
    503,
    'This process ran out of a resource of its own: file descriptors, ports or memory.',
  ),
  CLOSED: code(false, 503, 'The client has been closed.'),
  CONFIG_INVALID: code(false, 500, 'The options or the contract are wrong, found when they were given.'),
})

/** The `code` of a `HoldfastError`. */
export type ErrorCode = keyof typeof errorCodes

/** Where a call was when it failed. */
export type Phase =
  | 'configuring'
  | 'encoding'
  | 'queued'
  | 'lookup'
  | 'connecting'
  | 'sending'
  | 'waiting'
  | 'reading'
  | 'decoding'
  | 'backoff'
