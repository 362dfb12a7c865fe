import dns from 'node:dns'
import { createServer } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { expect, onTestFinished, test, vi } from 'vitest'
import { testCertificate, testKey } from '../../../test/fixtures/certificate.js'
import {
  answerWith,
  failureOf,
  fetchFrom,
  listen,
  openTransport,
  rawServer,
} from '../../../test/fixtures/servers.js'

type LookupCallback = (error: unknown, addresses?: { address: string; family: number }[]) => void

/** Has every lookup answer with what `answer` says. */
function lookupAnswers(answer: (callback: LookupCallback) => void) {
  return vi.spyOn(dns, 'lookup').mockImplementation(((_: string, __: object, callback: LookupCallback) => {
    setImmediate(answer, callback)
  }) as never)
}

const failing = (code: string) => (callback: LookupCallback) =>
  callback(Object.assign(new Error(code), { code, syscall: 'getaddrinfo' }))

test('a connection that is not answered in time is CONNECT_FAILED', async () => {
  const server = createServer((socket) => socket.on('error', () => undefined).resume())
  const port = await listen(server)
  onTestFinished(() => void server.close())
  const transport = openTransport({ connectTimeoutMs: 60 })
  const failure = await failureOf(fetchFrom(transport, `https://127.0.0.1:${port}`))
  expect(failure).toMatchObject({ code: 'CONNECT_FAILED', reason: 'timeout', phase: 'connecting' })
})

test('a lookup that never ends is DNS_FAILED', async () => {
  lookupAnswers(() => undefined)
  const failure = await failureOf(
    fetchFrom(openTransport({ connectTimeoutMs: 30 }), 'http://orders.invalid:1'),
  )
  expect(failure).toMatchObject({ code: 'DNS_FAILED', temporary: true, phase: 'lookup' })
})

test.each([
  ['ENOTFOUND', { code: 'DNS_FAILED', temporary: false }],
  ['EAI_AGAIN', { code: 'DNS_FAILED', temporary: true }],
  ['EMFILE', { code: 'LOCAL_RESOURCE', retryable: true }],
])('%s from the resolver', async (code, expected) => {
  lookupAnswers(failing(code))
  expect(await failureOf(fetchFrom(openTransport(), 'http://orders.invalid:1'))).toMatchObject(expected)
})

test('a name is looked up afresh for every connection', async () => {
  const server = await rawServer((socket) => socket.end(answerWith('ok', 'connection: close\r\n')))
  let isKnown = false
  const lookup = lookupAnswers((callback) => {
    if (isKnown) callback(null, [{ address: '127.0.0.1', family: 4 }])
    else failing('ENOTFOUND')(callback)
  })
  const transport = openTransport()
  const origin = `http://orders.invalid:${server.port}`
  expect(await failureOf(fetchFrom(transport, origin))).toMatchObject({ code: 'DNS_FAILED' })
  isKnown = true
  expect((await fetchFrom(transport, origin)).status).toBe(200)
  isKnown = false
  await vi.waitFor(() => expect(server.busySockets()).toBe(0))
  expect(await failureOf(fetchFrom(transport, origin))).toMatchObject({ code: 'DNS_FAILED' })
  expect(lookup).toHaveBeenCalledTimes(3)
})

test('tries the other address of a name', async () => {
  const server = await rawServer((socket) => socket.write(answerWith('ok')))
  lookupAnswers((callback) =>
    callback(null, [
      { address: '::1', family: 6 },
      { address: '127.0.0.1', family: 4 },
    ]),
  )
  expect((await fetchFrom(openTransport(), `http://orders.invalid:${server.port}`)).status).toBe(200)
})

test('a certificate that nobody vouches for is TLS_FAILED, before anything is sent', async () => {
  const received: string[] = []
  const server = createTlsServer({ cert: testCertificate, key: testKey }, (socket) => {
    socket.on('data', (chunk) => {
      received.push(String(chunk))
      socket.write(answerWith('ok'))
    })
  })
  server.on('tlsClientError', () => undefined)
  const origin = `https://127.0.0.1:${await listen(server)}`
  onTestFinished(() => void server.close())
  const failure = await failureOf(fetchFrom(openTransport(), origin))
  expect(failure).toMatchObject({ code: 'TLS_FAILED', phase: 'connecting', retryable: true })
  expect(received).toEqual([])
  const trusting = openTransport({ tls: { ca: testCertificate } })
  expect((await fetchFrom(trusting, origin)).status).toBe(200)
  const misnamed = openTransport({ tls: { ca: testCertificate, servername: 'payments' } })
  expect(await failureOf(fetchFrom(misnamed, origin))).toMatchObject({ code: 'TLS_FAILED' })
})

test('TLS with a server that speaks none is TLS_FAILED', async () => {
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
  })
  const origin = `https://127.0.0.1:${await listen(server)}`
  onTestFinished(() => void server.close())
  expect(await failureOf(fetchFrom(openTransport(), origin))).toMatchObject({ code: 'TLS_FAILED' })
})

test('a reset within the handshake is CONNECT_FAILED', async () => {
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.once('data', () => socket.resetAndDestroy())
  })
  const origin = `https://127.0.0.1:${await listen(server)}`
  onTestFinished(() => void server.close())
  const failure = await failureOf(fetchFrom(openTransport(), origin))
  expect(failure).toMatchObject({ code: 'CONNECT_FAILED', retryable: true })
})
