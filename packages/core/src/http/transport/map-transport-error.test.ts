import { errors } from 'undici'
import { expect, test } from 'vitest'
import { requestTo } from '../../../test/fixtures/servers.js'
import { ClosedError, type Phase } from '../../foundation/errors/index.js'
import { mapTransportError } from './map-transport-error.js'

const coded = (code: string, message = code): Error => Object.assign(new Error(message), { code })
const map = (error: unknown, phase: Phase) => mapTransportError(error, phase, requestTo('http://orders:3000'))

test.each<[Error, Phase, Record<string, unknown>]>([
  [coded('ECONNREFUSED'), 'connecting', { code: 'CONNECT_FAILED', reason: 'refused', phase: 'connecting' }],
  [coded('ENOENT'), 'connecting', { code: 'CONNECT_FAILED', reason: 'refused' }],
  [coded('ECONNRESET'), 'connecting', { code: 'CONNECT_FAILED', reason: 'refused' }],
  [coded('ETIMEDOUT'), 'connecting', { code: 'CONNECT_FAILED', reason: 'timeout' }],
  [new errors.ConnectTimeoutError(), 'connecting', { code: 'CONNECT_FAILED', reason: 'timeout' }],
  [new errors.HeadersTimeoutError(), 'connecting', { code: 'CONNECT_FAILED', reason: 'timeout' }],
  [coded('EHOSTUNREACH'), 'connecting', { code: 'CONNECT_FAILED', reason: 'unreachable' }],
  [coded('ENETUNREACH'), 'lookup', { code: 'CONNECT_FAILED', reason: 'unreachable', phase: 'connecting' }],
  [
    new errors.RequestAbortedError('Proxy response (502)'),
    'connecting',
    { code: 'CONNECT_FAILED', reason: 'unreachable' },
  ],
  [coded('ENOTFOUND'), 'lookup', { code: 'DNS_FAILED', temporary: false, phase: 'lookup' }],
  [coded('EAI_AGAIN'), 'connecting', { code: 'DNS_FAILED', temporary: true, phase: 'lookup' }],
  [coded('CERT_HAS_EXPIRED'), 'connecting', { code: 'TLS_FAILED', phase: 'connecting' }],
  [coded('DEPTH_ZERO_SELF_SIGNED_CERT'), 'connecting', { code: 'TLS_FAILED' }],
  [coded('SELF_SIGNED_CERT_IN_CHAIN'), 'connecting', { code: 'TLS_FAILED' }],
  [coded('UNABLE_TO_VERIFY_LEAF_SIGNATURE'), 'connecting', { code: 'TLS_FAILED' }],
  [coded('ERR_TLS_CERT_ALTNAME_INVALID'), 'connecting', { code: 'TLS_FAILED' }],
  [coded('ERR_SSL_WRONG_VERSION_NUMBER'), 'connecting', { code: 'TLS_FAILED' }],
  [coded('EPROTO'), 'connecting', { code: 'TLS_FAILED' }],
  [coded('ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED'), 'waiting', { code: 'TLS_FAILED', phase: 'waiting' }],
  [coded('ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC'), 'reading', { code: 'CONNECTION_LOST' }],
  [coded('EMFILE'), 'connecting', { code: 'LOCAL_RESOURCE' }],
  [coded('ENFILE'), 'connecting', { code: 'LOCAL_RESOURCE' }],
  [coded('EADDRNOTAVAIL'), 'connecting', { code: 'LOCAL_RESOURCE' }],
  [coded('ENOBUFS'), 'sending', { code: 'LOCAL_RESOURCE', phase: 'sending' }],
  [coded('ENOMEM'), 'connecting', { code: 'LOCAL_RESOURCE' }],
  [coded('ECONNRESET'), 'waiting', { code: 'CONNECTION_LOST', phase: 'waiting', processed: undefined }],
  [coded('EPIPE'), 'sending', { code: 'CONNECTION_LOST', phase: 'sending' }],
  [coded('ETIMEDOUT'), 'reading', { code: 'CONNECTION_LOST', phase: 'reading' }],
  [new errors.SocketError('other side closed'), 'waiting', { code: 'CONNECTION_LOST' }],
  [new errors.SocketError('bad response'), 'waiting', { code: 'PROTOCOL_ERROR' }],
  [new errors.SocketError('bad upgrade'), 'waiting', { code: 'PROTOCOL_ERROR' }],
  [
    new errors.HTTPParserError('Response does not match (Invalid EOF state)'),
    'reading',
    { code: 'CONNECTION_LOST' },
  ],
  [
    new errors.HTTPParserError('Response does not match (Expected HTTP/)'),
    'waiting',
    { code: 'PROTOCOL_ERROR' },
  ],
  [new errors.HeadersOverflowError(), 'waiting', { code: 'PROTOCOL_ERROR' }],
  [new errors.ResponseContentLengthMismatchError(), 'waiting', { code: 'PROTOCOL_ERROR' }],
  [new errors.ResponseContentLengthMismatchError(), 'reading', { code: 'CONNECTION_LOST' }],
  [
    coded('ERR_HTTP2_STREAM_ERROR', 'Stream closed with error code NGHTTP2_REFUSED_STREAM'),
    'waiting',
    { code: 'CONNECTION_LOST', processed: false },
  ],
  [
    coded('ERR_HTTP2_STREAM_ERROR', 'Stream closed with error code NGHTTP2_INTERNAL_ERROR'),
    'waiting',
    { code: 'CONNECTION_LOST', processed: undefined },
  ],
  [coded('ERR_HTTP2_GOAWAY_SESSION'), 'waiting', { code: 'CONNECTION_LOST', processed: false }],
  [new errors.ResponseExceededMaxSizeError(), 'reading', { code: 'RESPONSE_TOO_LARGE', maxBytes: 1_000_000 }],
  [new errors.ClientDestroyedError(), 'waiting', { code: 'CLOSED' }],
  [new errors.ClientClosedError(), 'queued', { code: 'CLOSED' }],
  [new errors.InvalidArgumentError('invalid header'), 'connecting', { code: 'INVALID_INPUT' }],
  [new errors.RequestContentLengthMismatchError(), 'sending', { code: 'INVALID_INPUT' }],
  [new errors.HeadersTimeoutError(), 'waiting', { code: 'ATTEMPT_TIMEOUT' }],
  [new errors.BodyTimeoutError(), 'reading', { code: 'BODY_TIMEOUT' }],
  [new errors.RequestAbortedError(), 'sending', { code: 'ABORTED' }],
  [new Error('something new'), 'waiting', { code: 'CONNECTION_LOST' }],
])('%s while %s', (error, phase, expected) => {
  const mapped = map(error, phase)
  expect(mapped).toMatchObject(expected)
  expect(mapped.cause).toBe(error)
})

test('looks into the errors of several addresses', () => {
  const refused = coded('ECONNREFUSED')
  const tried = new AggregateError([coded('ENETUNREACH'), refused], 'all failed')
  expect(map(tried, 'connecting')).toMatchObject({ code: 'CONNECT_FAILED', reason: 'refused', cause: tried })
  const timedOut = new AggregateError([coded('ETIMEDOUT'), coded('ENETUNREACH')], 'all failed')
  expect(map(timedOut, 'connecting')).toMatchObject({ code: 'CONNECT_FAILED', reason: 'timeout' })
  expect(map(new AggregateError([], 'none tried'), 'connecting')).toMatchObject({ code: 'CONNECT_FAILED' })
})

test('leaves errors of its own alone, takes anything, and says whom it could not reach', () => {
  const closed = new ClosedError()
  expect(map(closed, 'waiting')).toBe(closed)
  expect(map('a string', 'waiting')).toMatchObject({ code: 'CONNECTION_LOST', cause: 'a string' })
  expect(map(undefined, 'connecting')).toMatchObject({ code: 'CONNECT_FAILED' })
  expect(map(coded('constructor'), 'waiting')).toMatchObject({ code: 'CONNECTION_LOST' })
  expect(map(coded('ECONNREFUSED', 'connect ECONNREFUSED'), 'connecting').message).toBe(
    'GET http://orders:3000: connect ECONNREFUSED',
  )
})
