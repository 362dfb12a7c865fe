import { type ErrorDetails, HoldfastError } from './holdfast-error.js'
import { chaosHeader } from './mark-injected.js'

/** One thing that is wrong, and where. */
export interface Problem {
  /** The field, dotted: `retry.maxAttempts`, `getOrder.path`; empty for the whole. */
  readonly path: string
  /** What is wrong with its value, and what to do about it. */
  readonly message: string
}

const list = (problems: readonly Problem[]): string =>
  problems.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`)).join('; ')

/** Options or a contract are wrong. Thrown when they are given, with every problem at once. */
export class ConfigInvalidError extends HoldfastError {
  override readonly name = 'ConfigInvalidError'
  declare readonly code: 'CONFIG_INVALID'
  readonly problems: readonly Problem[]
  constructor(subject: string, problems: readonly Problem[], details?: ErrorDetails) {
    super('CONFIG_INVALID', `${subject}: ${list(problems)}`, { phase: 'configuring', ...details })
    this.problems = problems
  }
}

/** The input of a call does not match the contract. Nothing was sent. */
export class InvalidInputError extends HoldfastError {
  override readonly name = 'InvalidInputError'
  declare readonly code: 'INVALID_INPUT'
  readonly problems: readonly Problem[]
  constructor(subject: string, problems: readonly Problem[], details?: ErrorDetails) {
    super('INVALID_INPUT', `${subject}: ${list(problems)}`, { phase: 'encoding', ...details })
    this.problems = problems
  }
}

/** The response does not match the contract. */
export class InvalidResponseError extends HoldfastError {
  override readonly name = 'InvalidResponseError'
  declare readonly code: 'INVALID_RESPONSE'
  readonly status: number
  readonly problems: readonly Problem[]
  /** The beginning of the body as text. */
  readonly snippet: string
  constructor(
    subject: string,
    response: { readonly status: number; readonly problems: readonly Problem[]; readonly snippet: string },
    details?: ErrorDetails,
  ) {
    super('INVALID_RESPONSE', `${subject}: ${list(response.problems)}`, { phase: 'decoding', ...details })
    this.status = response.status
    this.problems = response.problems
    this.snippet = response.snippet
  }
}

/** Response headers: lower-case names; a list where a header came more than once. */
export type ResponseHeaders = Record<string, string | string[]>

/** The dependency answered with an error status. `body` is typed when the contract declares the status. */
export class HttpError<Status extends number = number, Body = unknown> extends HoldfastError {
  override readonly name = 'HttpError'
  declare readonly code: 'HTTP_STATUS'
  readonly status: Status
  readonly headers: ResponseHeaders
  /** Parsed where the contract declares the status, else text. */
  readonly body: Body
  /** Whether the contract declares the status. */
  readonly declared: boolean
  /** The server's `Retry-After`, in milliseconds from when it arrived. */
  readonly retryAfterMs: number | undefined
  constructor(
    message: string,
    response: {
      readonly status: Status
      readonly headers: ResponseHeaders
      readonly body: Body
      readonly declared: boolean
      readonly retryAfterMs?: number | undefined
    },
    details?: ErrorDetails,
  ) {
    super('HTTP_STATUS', message, {
      phase: 'reading',
      retryable: isRetryableStatus(response.status),
      ...details,
    })
    this.status = response.status
    this.headers = response.headers
    this.body = response.body
    this.declared = response.declared
    if (response.headers[chaosHeader] !== undefined) this.injected = true
    this.retryAfterMs = response.retryAfterMs
  }
}

function isRetryableStatus(status: number): boolean {
  return status === 408 || status === 425 || status === 429 || (status >= 502 && status <= 504)
}
