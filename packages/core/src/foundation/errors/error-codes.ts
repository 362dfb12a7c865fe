import type { ErrorCode } from './error-code.js'
import { outcomes } from './outcomes.js'

/** What one error code means to a person, to a caller that may retry, and to an HTTP server. */
export interface ErrorCodeInfo {
  /** One sentence, for people. */
  readonly meaning: string
  /** Whether the same call may succeed when it is made again a little later. */
  readonly retryable: boolean
  /** The status with which a service answers its own caller when this error reaches it. */
  readonly status: number
}

/**
 * Every code that a `HoldfastError` can carry. The error reference in the documentation is this table.
 *
 * @example
 * ```ts
 * import { errorCodes } from '@holdfast/core'
 * console.log(errorCodes.CIRCUIT_OPEN.status) // 503
 * ```
 */
export const errorCodes = Object.freeze(
  Object.fromEntries(
    Object.entries(outcomes).map(([code, { meaning, told }]) => [
      code,
      Object.freeze({ meaning, retryable: told.retryable, status: told.status }),
    ]),
  ),
) as Readonly<Record<ErrorCode, ErrorCodeInfo>>
