import type { Socket } from 'node:net'
import { expect, test, vi } from 'vitest'
import {
  answerWith,
  failureOf,
  fetchFrom,
  listen,
  newExecution,
  openTransport,
  rawServer,
} from '../../../test/fixtures/servers.js'
import { DeadlineExceededError } from '../../foundation/errors/index.js'

const head = 'HTTP/1.1 200 OK\r\n'

/** What one broken answer leads to. */
async function failureAfter(answer: (socket: Socket) => void): Promise<Error & Record<string, unknown>> {
  const server = await rawServer(answer)
  const failure = await failureOf(fetchFrom(openTransport(), server.origin))
  await vi.waitFor(() => expect(server.busySockets()).toBe(0))
  return failure
}

test('a refused connection is CONNECT_FAILED', async () => {
  const server = (await import('node:net')).createServer()
  const port = await listen(server)
  await new Promise((resolve) => server.close(resolve))
  const failure = await failureOf(fetchFrom(openTransport(), `http://127.0.0.1:${port}`))
  expect(failure).toMatchObject({
    code: 'CONNECT_FAILED',
    reason: 'refused',
    phase: 'connecting',
    retryable: true,
  })
})

test.each<[string, (socket: Socket) => void, string]>([
  ['FIN before the headers', (socket) => socket.end(), 'waiting'],
  ['reset before the headers', (socket) => socket.resetAndDestroy(), 'waiting'],
  ['FIN within the headers', (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-le'), 'waiting'],
  ['FIN within a sized body', (socket) => socket.end(`${head}content-length: 10\r\n\r\nhalf`), 'reading'],
  [
    'FIN within a sized body that was to close the connection',
    (socket) => socket.end(`${head}connection: close\r\ncontent-length: 10\r\n\r\nhalf`),
    'reading',
  ],
  [
    'FIN within a chunk',
    (socket) => socket.end(`${head}transfer-encoding: chunked\r\n\r\n9\r\nhalf`),
    'reading',
  ],
  [
    'FIN between chunks',
    (socket) => socket.end(`${head}connection: close\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n`),
    'reading',
  ],
  [
    'reset within the body',
    (socket) => {
      socket.write(`${head}content-length: 10\r\n\r\nhalf`)
      setTimeout(() => socket.resetAndDestroy(), 20)
    },
    'reading',
  ],
])('%s is CONNECTION_LOST, never data', async (_, answer, phase) => {
  expect(await failureAfter(answer)).toMatchObject({ code: 'CONNECTION_LOST', phase, retryable: true })
})

test.each([
  ['no HTTP', 'SSH-2.0-OpenSSH_9.2\r\n\r\n'],
  ['a bad chunk size', `${head}transfer-encoding: chunked\r\n\r\nxyz\r\nabc\r\n0\r\n\r\n`],
  [
    'content-length and transfer-encoding',
    `${head}content-length: 3\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n`,
  ],
  ['two lengths', `${head}content-length: 3\r\ncontent-length: 4\r\n\r\nabcd`],
  ['a length that is no number', `${head}content-length: 3x\r\n\r\nabc`],
  ['a header of 64 kB', `${head}x-big: ${'x'.repeat(65_536)}\r\ncontent-length: 0\r\n\r\n`],
  [
    'an upgrade nobody asked for',
    'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n',
  ],
  ['a 100 nobody asked for', 'HTTP/1.1 100 Continue\r\n\r\n'],
])('%s is PROTOCOL_ERROR and the end of the connection', async (_, bytes) => {
  expect(await failureAfter((socket) => socket.write(bytes))).toMatchObject({
    code: 'PROTOCOL_ERROR',
    retryable: false,
  })
})

test.each<[string, string, string, string]>([
  ['headers that never come', '', '', 'waiting'],
  ['headers that drip', 'HTTP/1.1 200 OK\r\nx-a: ', 'x', 'waiting'],
  ['a body that stalls', `${head}content-length: 10\r\n\r\nhalf`, '', 'reading'],
  ['a body that drips for ever', `${head}transfer-encoding: chunked\r\n\r\n`, '1\r\nx\r\n', 'reading'],
])('%s: the execution ends them, and its reason learns where', async (_, bytes, drop, phase) => {
  const server = await rawServer((socket) => {
    socket.write(bytes)
    const drip = setInterval(() => socket.write(drop), 5)
    socket.on('close', () => clearInterval(drip))
  })
  const execution = newExecution()
  execution.expireIn(60, () => new DeadlineExceededError())
  const response = fetchFrom(openTransport(), server.origin, { maxResponseBytes: 1e9 }, execution)
  execution.arm()
  expect(await failureOf(response)).toMatchObject({ code: 'DEADLINE_EXCEEDED', phase })
  await vi.waitFor(() => expect(server.busySockets()).toBe(0))
})

test('a keep-alive connection that the server closes as it is used again is CONNECTION_LOST', async () => {
  let count = 0
  const server = await rawServer((socket) => {
    count += 1
    if (count === 1) socket.write(answerWith('first'))
    else socket.resetAndDestroy()
  })
  const transport = openTransport({ connections: 1 })
  await fetchFrom(transport, server.origin)
  const failure = await failureOf(fetchFrom(transport, server.origin, { method: 'POST', body: 'x' }))
  expect(failure).toMatchObject({ code: 'CONNECTION_LOST', phase: 'waiting' })
  expect(server.requests).toHaveLength(2)
})

test('an unknown name is DNS_FAILED', async () => {
  const failure = await failureOf(fetchFrom(openTransport(), 'http://no-such-host.invalid:1'))
  expect(failure).toMatchObject({ code: 'DNS_FAILED', phase: 'lookup' })
})

test('an answer that is larger than announced does not reach the next call', async () => {
  const server = await rawServer((socket) => socket.write(`${head}content-length: 2\r\n\r\nok<html>surplus`))
  const transport = openTransport({ connections: 1 })
  expect(String((await fetchFrom(transport, server.origin)).body)).toBe('ok')
  const second = await fetchFrom(transport, server.origin).catch((error: unknown) => error)
  expect(second).not.toHaveProperty('body', Buffer.from('<html>surplus'))
})
