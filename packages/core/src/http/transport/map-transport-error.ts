import {
  AbortedError,
  AttemptTimeoutError,
  BodyTimeoutError,
  ClosedError,
  ConnectFailedError,
  ConnectionLostError,
  DnsFailedError,
  HoldfastError,
  InvalidInputError,
  LocalResourceError,
  type Phase,
  ProtocolError,
  ResponseTooLargeError,
  TlsFailedError,
} from '../../foundation/errors/index.js'
import { isBeforeSending, type Meaning, meaningOf, type SystemError } from './error-meaning.js'
import type { TransportRequest } from './transport-request.js'

/** What the messages say of a request. */
type RequestFacts = Pick<TransportRequest, 'method' | 'origin' | 'maxResponseBytes'>

/**
 * What an error of undici or Node.js means to a call. An error of Holdfast's own stays as it is; an unknown one is a
 * lost connection.
 *
 * @param phase where the exchange was when the error came
 */
export function mapTransportError(error: unknown, phase: Phase, request: RequestFacts): HoldfastError {
  if (error instanceof HoldfastError) return error
  const telling = mostTelling(error)
  return toHoldfastError(meaningOf(telling, phase), telling, { phase, request, cause: error })
}

/** Where several addresses were tried, one refusal tells more than the other address' missing route. */
function mostTelling(error: unknown): SystemError {
  if (!(error instanceof AggregateError) || error.errors.length === 0) return asError(error)
  const errors = error.errors.map(asError)
  return errors.find(({ code }) => code === 'ECONNREFUSED') ?? errors[0] ?? error
}

function asError(error: unknown): SystemError {
  return error instanceof Error ? error : new Error(String(error))
}

interface MappingContext {
  readonly phase: Phase
  readonly request: RequestFacts
  readonly cause: unknown
}

function toHoldfastError(meaning: Meaning, error: SystemError, context: MappingContext): HoldfastError {
  const { phase, request, cause } = context
  const message = `${request.method} ${request.origin}: ${error.message}`
  const isUnsent = isBeforeSending(phase)
  const details = { phase, cause }
  switch (meaning) {
    case 'refused':
      return new ConnectFailedError(message, 'refused', { cause })
    case 'unknown-name':
    case 'lookup-failed':
      return new DnsFailedError(message, { cause, temporary: meaning === 'lookup-failed' })
    case 'tls':
      return new TlsFailedError(message, { phase: isUnsent ? 'connecting' : phase, cause })
    case 'local':
      return new LocalResourceError(message, { phase: isUnsent ? 'connecting' : phase, cause })
    case 'protocol':
      return new ProtocolError(message, details)
    case 'length-mismatch':
      // undici reports every parser error in the headers like this once it has seen a content-length.
      return phase === 'reading' ? lost(message, details) : new ProtocolError(message, details)
    case 'refused-stream':
      return new ConnectionLostError(message, { ...details, processed: false })
    case 'too-large':
      return new ResponseTooLargeError(request.maxResponseBytes, { cause })
    case 'closed':
      return new ClosedError(undefined, details)
    case 'invalid':
      return new InvalidInputError(
        `${request.method} ${request.origin}`,
        [{ path: '', message: error.message }],
        {
          cause,
        },
      )
    default:
      return isUnsent ? unconnected(meaning, message, cause) : interrupted(meaning, message, details)
  }
}

/** Nothing was sent: whatever broke, broke while connecting. */
function unconnected(meaning: Meaning, message: string, cause: unknown): HoldfastError {
  if (meaning === 'connect-timeout' || meaning === 'headers-timeout') {
    return new ConnectFailedError(message, 'timeout', { cause })
  }
  return new ConnectFailedError(message, meaning === 'lost' ? 'refused' : 'unreachable', { cause })
}

function interrupted(
  meaning: Meaning,
  message: string,
  details: { phase: Phase; cause: unknown },
): HoldfastError {
  if (meaning === 'headers-timeout') return new AttemptTimeoutError(message, details)
  if (meaning === 'body-timeout') return new BodyTimeoutError(message, details)
  if (meaning === 'aborted') return new AbortedError(message, details)
  return lost(message, details)
}

function lost(message: string, details: { phase: Phase; cause: unknown }): ConnectionLostError {
  return new ConnectionLostError(message, details)
}
