export {
  AbortedError,
  AttemptTimeoutError,
  BodyTimeoutError,
  CircuitOpenError,
  ClosedError,
  ConcurrencyLimitError,
  DeadlineExceededError,
  NoEndpointsError,
  RateLimitedError,
} from './call-errors.js'
export {
  ConfigInvalidError,
  HttpError,
  InvalidInputError,
  InvalidResponseError,
  type Problem,
  type ResponseHeaders,
} from './contract-errors.js'
export type { ErrorCode, Phase } from './error-code.js'
export { type ErrorCodeInfo, errorCodes } from './error-codes.js'
export { type ErrorDetails, HoldfastError } from './holdfast-error.js'
export { type ErrorByCode, isHoldfastError } from './is-holdfast-error.js'
export { chaosHeader, markInjected } from './mark-injected.js'
export { type AttemptOutcome, outcomeOfCode, outcomes } from './outcomes.js'
export {
  ConnectFailedError,
  ConnectionLostError,
  DnsFailedError,
  LocalResourceError,
  ProtocolError,
  ResponseTooLargeError,
  TlsFailedError,
} from './transport-errors.js'
