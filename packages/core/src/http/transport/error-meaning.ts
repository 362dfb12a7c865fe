import type { Phase } from '../../foundation/errors/index.js'

/** What an error code of undici or Node.js says; `unreached` and `lost` depend on whether anything was sent. */
export type Meaning =
  | 'refused'
  | 'unreached'
  | 'connect-timeout'
  | 'unknown-name'
  | 'lookup-failed'
  | 'tls'
  | 'local'
  | 'lost'
  | 'refused-stream'
  | 'length-mismatch'
  | 'protocol'
  | 'headers-timeout'
  | 'body-timeout'
  | 'too-large'
  | 'closed'
  | 'aborted'
  | 'invalid'

const meanings: Readonly<Record<string, Meaning>> = {
  ECONNREFUSED: 'refused',
  ENOENT: 'refused',
  EHOSTUNREACH: 'unreached',
  EHOSTDOWN: 'unreached',
  ENETUNREACH: 'unreached',
  ENETDOWN: 'unreached',
  EACCES: 'unreached',
  EPERM: 'unreached',
  EAFNOSUPPORT: 'unreached',
  ETIMEDOUT: 'connect-timeout',
  UND_ERR_CONNECT_TIMEOUT: 'connect-timeout',
  ENOTFOUND: 'unknown-name',
  ENODATA: 'unknown-name',
  EAI_NONAME: 'unknown-name',
  EAI_NODATA: 'unknown-name',
  EAI_AGAIN: 'lookup-failed',
  EAI_FAIL: 'lookup-failed',
  EAI_SYSTEM: 'lookup-failed',
  ESERVFAIL: 'lookup-failed',
  ETIMEOUT: 'lookup-failed',
  EMFILE: 'local',
  ENFILE: 'local',
  EADDRNOTAVAIL: 'local',
  EADDRINUSE: 'local',
  ENOBUFS: 'local',
  ENOMEM: 'local',
  EAI_MEMORY: 'local',
  ECONNRESET: 'lost',
  ECONNABORTED: 'lost',
  EPIPE: 'lost',
  UND_ERR_SOCKET: 'lost',
  ERR_HTTP2_GOAWAY_SESSION: 'refused-stream',
  ERR_HTTP2_ERROR: 'protocol',
  // undici asserts what it takes for granted of a response, such as a status of 100 at least.
  ERR_ASSERTION: 'protocol',
  UND_ERR_HEADERS_OVERFLOW: 'protocol',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'length-mismatch',
  UND_ERR_HEADERS_TIMEOUT: 'headers-timeout',
  UND_ERR_BODY_TIMEOUT: 'body-timeout',
  UND_ERR_RES_EXCEEDED_MAX_SIZE: 'too-large',
  UND_ERR_DESTROYED: 'closed',
  UND_ERR_CLOSED: 'closed',
  UND_ERR_ABORTED: 'aborted',
  UND_ERR_ABORT: 'aborted',
  UND_ERR_INVALID_ARG: 'invalid',
  UND_ERR_NOT_SUPPORTED: 'invalid',
  UND_ERR_REQ_CONTENT_LENGTH_MISMATCH: 'invalid',
  UND_MOCK_ERR_MOCK_NOT_MATCHED: 'invalid',
  ERR_INVALID_URL: 'invalid',
  ERR_INVALID_CHAR: 'invalid',
  ERR_SOCKET_BAD_PORT: 'invalid',
  EPROTO: 'tls',
  UND_ERR_PRX_TLS: 'tls',
}

/** OpenSSL and Node.js name hundreds of TLS failures. */
const tlsCode =
  /^(CERT_|CRL_|ERR_TLS_|ERR_SSL_|ERR_OSSL_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_|HOSTNAME_MISMATCH|ERROR_IN_CERT_)/

/** The messages with which undici says that the bytes it got are no answer to what it sent. */
const badAnswer = /^bad (response|upgrade)$/

/** An error of Node.js or undici. */
export interface SystemError extends Error {
  readonly code?: unknown
  readonly syscall?: unknown
}

/** Whether nothing of a request can have reached the server yet. */
export const isBeforeSending = (phase: Phase): boolean =>
  phase === 'queued' || phase === 'lookup' || phase === 'connecting'

/** What an error means to a call that was in `phase`. */
export function meaningOf(error: SystemError, phase: Phase): Meaning {
  const code = typeof error.code === 'string' ? error.code : ''
  const known = Object.hasOwn(meanings, code) ? meanings[code] : undefined
  if (known === 'lost' && badAnswer.test(error.message)) return 'protocol'
  if (known !== undefined) return known
  // undici gives most of its parser's errors no code.
  if (error.name === 'HTTPParserError') return error.message.includes('EOF') ? 'lost' : 'protocol'
  if (code.startsWith('ERR_HTTP2_') && error.message.includes('REFUSED_STREAM')) return 'refused-stream'
  if (tlsCode.test(code)) {
    // In TLS 1.3 the server's word on our certificate arrives after the handshake; other failures later on
    // concern a connection that worked.
    return isBeforeSending(phase) || code.includes('CERTIFICATE') ? 'tls' : 'lost'
  }
  return 'lost'
}
