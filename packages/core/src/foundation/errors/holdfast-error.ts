import type { ErrorCode, Phase } from './error-code.js'
import { errorCodes } from './error-codes.js'

/** What a `HoldfastError` says beyond its message. */
export interface ErrorDetails {
  /** Where the call was. */
  readonly phase?: Phase | undefined
  /** The error underneath. */
  readonly cause?: unknown
  /** Overrides the code's own answer, for example a 503 among `HTTP_STATUS`. */
  readonly retryable?: boolean | undefined
}

/** Registered globally, so that an error of another copy of this package is still recognised. */
export const brand: unique symbol = Symbol.for('holdfast.error')

/**
 * The base of every error that Holdfast throws. Decide by `code`, never by the message.
 *
 * @example
 * ```ts
 * import { isHoldfastError } from '@holdfast/core'
 *
 * function shouldQueueForLater(error: unknown) {
 *   return isHoldfastError(error) && error.retryable
 * }
 * ```
 */
export class HoldfastError extends Error {
  override readonly name: string = 'HoldfastError'
  readonly code: ErrorCode
  /** Whether the same call may succeed a little later. */
  readonly retryable: boolean
  /** Where the call was when it failed. */
  phase: Phase | undefined
  /** The dependency's name: the contract's, or the host of a `createFetch` call. */
  dependency: string | undefined = undefined
  /** The operation's name in the contract. */
  operation: string | undefined = undefined
  /** Attempts made, the first included; 0 when nothing was sent. */
  attempts = 0
  /** Milliseconds from the start of the call to its failure. */
  elapsedMs = 0
  /** `true` when chaos made it, here or in the service that answered; not there on a failure that is real. */
  declare injected?: true

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, 'cause' in details ? { cause: details.cause } : undefined)
    this.code = code
    this.retryable = details.retryable ?? errorCodes[code].retryable
    this.phase = details.phase
  }

  get [brand](): true {
    return true
  }

  /** What a log line needs; never bodies, headers or secrets. */
  toJSON(): Record<string, unknown> {
    const { name, code, message, retryable, phase, dependency, operation, attempts, elapsedMs, injected } =
      this
    return { name, code, message, retryable, phase, dependency, operation, attempts, elapsedMs, injected }
  }
}
