import { type ErrorDetails, HoldfastError } from './holdfast-error.js'

/** No connection could be made. `reason` tells a refusal from a connection that was never answered. */
export class ConnectFailedError extends HoldfastError {
  override readonly name = 'ConnectFailedError'
  declare readonly code: 'CONNECT_FAILED'
  readonly reason: 'refused' | 'timeout' | 'unreachable'
  constructor(message: string, reason: 'refused' | 'timeout' | 'unreachable', details?: ErrorDetails) {
    super('CONNECT_FAILED', message, { phase: 'connecting', ...details })
    this.reason = reason
  }
}

/** The connection broke before the whole response had arrived. `processed` is false when the peer said it did nothing. */
export class ConnectionLostError extends HoldfastError {
  override readonly name = 'ConnectionLostError'
  declare readonly code: 'CONNECTION_LOST'
  /** `false` when the request provably was not processed (an HTTP/2 `REFUSED_STREAM`). */
  readonly processed: boolean | undefined
  constructor(message: string, details?: ErrorDetails & { readonly processed?: boolean }) {
    super('CONNECTION_LOST', message, details)
    this.processed = details?.processed
  }
}

/** The host name could not be resolved. `temporary` is true where the resolver said to try again. */
export class DnsFailedError extends HoldfastError {
  override readonly name = 'DnsFailedError'
  declare readonly code: 'DNS_FAILED'
  readonly temporary: boolean
  constructor(message: string, details?: ErrorDetails & { readonly temporary?: boolean }) {
    super('DNS_FAILED', message, { phase: 'lookup', ...details })
    this.temporary = details?.temporary ?? false
  }
}

/** The TLS handshake failed before anything was sent. */
export class TlsFailedError extends HoldfastError {
  override readonly name = 'TlsFailedError'
  declare readonly code: 'TLS_FAILED'
  constructor(message: string, details?: ErrorDetails) {
    super('TLS_FAILED', message, { phase: 'connecting', ...details })
  }
}

/** What arrived is not valid HTTP, or not in the content encoding it claims. */
export class ProtocolError extends HoldfastError {
  override readonly name = 'ProtocolError'
  declare readonly code: 'PROTOCOL_ERROR'
  constructor(message: string, details?: ErrorDetails) {
    super('PROTOCOL_ERROR', message, details)
  }
}

/** The response is larger, after decompression, than `maxResponseBytes`. */
export class ResponseTooLargeError extends HoldfastError {
  override readonly name = 'ResponseTooLargeError'
  declare readonly code: 'RESPONSE_TOO_LARGE'
  /** The limit, in bytes. */
  readonly maxBytes: number
  constructor(maxBytes: number, details?: ErrorDetails) {
    super('RESPONSE_TOO_LARGE', `the response is larger than ${maxBytes} bytes after decompression`, {
      phase: 'reading',
      ...details,
    })
    this.maxBytes = maxBytes
  }
}

/** This process ran out of file descriptors, ports or memory; the dependency is not to blame. */
export class LocalResourceError extends HoldfastError {
  override readonly name = 'LocalResourceError'
  declare readonly code: 'LOCAL_RESOURCE'
  constructor(message: string, details?: ErrorDetails) {
    super('LOCAL_RESOURCE', message, { phase: 'connecting', ...details })
  }
}
