import { ConnectFailedError, InvalidInputError, ProtocolError } from '../../foundation/errors/index.js'

interface SystemError extends Error {
  readonly code?: unknown
  readonly syscall?: unknown
}

/**
 * What is behind the `TypeError` of a `fetch` that failed: usually the error that undici or Node.js had, which clients
 * understand. Where they need to know how far the request had got, which `fetch` does not tell, it is told here.
 */
export function networkError(error: unknown): Error {
  const cause = causeOf(error)
  const code = typeof cause.code === 'string' ? cause.code : ''
  if (code === 'ERR_NOCK_NO_MATCH' || cause.message.startsWith('Nock: ')) {
    return new InvalidInputError('fetchTransport()', [{ path: '', message: cause.message }], { cause })
  }
  if (code.startsWith('Z_') || code.startsWith('ERR__ERROR_FORMAT') || code.startsWith('ERR_BROTLI')) {
    return new ProtocolError(`the body is not in the encoding it claims: ${cause.message}`, {
      phase: 'reading',
      cause,
    })
  }
  if (code === 'UND_ERR_CONNECT_TIMEOUT' || (cause.syscall === 'connect' && code === 'ETIMEDOUT')) {
    return new ConnectFailedError(cause.message, 'timeout', { cause })
  }
  if (cause.syscall === 'connect' && /^E(HOST|NET)(UNREACH|DOWN)$/.test(code)) {
    return new ConnectFailedError(cause.message, 'unreachable', { cause })
  }
  return cause
}

function causeOf(error: unknown): SystemError {
  if (!(error instanceof Error)) return new Error(String(error))
  return error instanceof TypeError && error.cause instanceof Error ? error.cause : error
}
