import type { Socket } from 'node:net'
import type { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { expect, onTestFinished, test, vi } from 'vitest'
import {
  answerWith,
  failureOf,
  fetchFrom,
  newExecution,
  openTransport,
  rawServer,
} from '../../../test/fixtures/servers.js'
import { AbortedError } from '../../foundation/errors/index.js'
import type { Execution } from '../../policies/index.js'
import type { TransportRequest } from './transport-request.js'

const chunked = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n'

interface Streaming {
  readonly stream: Readable
  readonly socket: Socket
  readonly execution: Execution
}

/** A response of which only `beginning` has arrived. */
async function streaming(beginning: string, changes: Partial<TransportRequest> = {}): Promise<Streaming> {
  const sockets: Socket[] = []
  const server = await rawServer((socket) => {
    sockets.push(socket)
    socket.write(beginning)
  })
  const execution = newExecution()
  const response = await fetchFrom(openTransport(), server.origin, { mode: 'stream', ...changes }, execution)
  return { stream: response.body as Readable, socket: sockets[0] as Socket, execution }
}

test('resolves at the headers, and the permit lasts until the end', async () => {
  const { stream, socket, execution } = await streaming(chunked)
  expect(execution.lingered).toBe(1)
  execution.abort(new AbortedError())
  let isOver = false
  const over = execution.settled(0).then(() => {
    isOver = true
  })
  socket.write('3\r\nabc\r\n')
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(isOver).toBe(false)
  socket.write('3\r\ndef\r\n0\r\n\r\n')
  expect(String(await buffer(stream))).toBe('abcdef')
  await over
})

test('holds the server back while nobody reads, and loses nothing', async () => {
  const body = Buffer.alloc(30_000_000, 'some text')
  const server = await rawServer((socket) => socket.write(answerWith(body)))
  const response = await fetchFrom(openTransport(), server.origin, {
    mode: 'stream',
    maxResponseBytes: Infinity,
  })
  const stream = response.body as Readable
  await new Promise((resolve) => setTimeout(resolve, 100))
  expect(stream.readableLength).toBeLessThan(200_000)
  expect(body.equals(await buffer(stream))).toBe(true)
})

test('a connection lost within the body is an error, never an end', async () => {
  for (const lose of ['end', 'resetAndDestroy'] as const) {
    const { stream, socket, execution } = await streaming(`${chunked}3\r\nabc\r\n`)
    const ended = vi.fn()
    stream.on('end', ended)
    socket[lose]()
    expect(await failureOf(buffer(stream))).toMatchObject({ code: 'CONNECTION_LOST', phase: 'reading' })
    expect(ended).not.toHaveBeenCalled()
    await execution.settled(0)
  }
})

test('a body that stalls is BODY_TIMEOUT, one that keeps coming slowly is not', async () => {
  const { stream, socket, execution } = await streaming(`${chunked}3\r\nabc\r\n`, { idleTimeoutMs: 80 })
  const drip = setInterval(() => socket.write('1\r\nx\r\n'), 20)
  onTestFinished(() => clearInterval(drip))
  const failure = failureOf(buffer(stream))
  await new Promise((resolve) => setTimeout(resolve, 200))
  expect(stream.destroyed).toBe(false)
  clearInterval(drip)
  expect(await failure).toMatchObject({ code: 'BODY_TIMEOUT', phase: 'reading', retryable: true })
  await execution.settled(0)
})

test('a consumer that holds the body back is BODY_TIMEOUT, one that reads slowly is not', async () => {
  const body = Buffer.alloc(3_000_000)
  const server = await rawServer((socket) => socket.write(answerWith(body)))
  const transport = openTransport()
  const changes = { mode: 'stream', maxResponseBytes: Infinity, idleTimeoutMs: 100 } as const
  const slow = (await fetchFrom(transport, server.origin, changes)).body as Readable
  for (let index = 0; index < 10; index += 1) {
    await new Promise((resolve) => setTimeout(resolve, 30))
    expect(slow.read(10)).toHaveLength(10)
  }
  expect(slow.destroyed).toBe(false)
  const failure = new Promise((resolve) => slow.on('error', resolve))
  expect(await failure).toMatchObject({ code: 'BODY_TIMEOUT', phase: 'reading' })
  await vi.waitFor(() => expect(server.busySockets()).toBe(0))
})

test('what has arrived whole may be read late', async () => {
  const { stream, execution } = await streaming(String(answerWith('short')), { idleTimeoutMs: 30 })
  await execution.settled(0)
  await new Promise((resolve) => setTimeout(resolve, 80))
  expect(String(await buffer(stream))).toBe('short')
})

test('closing it early closes the connection', async () => {
  const { stream, socket, execution } = await streaming(`${chunked}3\r\nabc\r\n`)
  const closed = new Promise((resolve) => socket.on('close', resolve))
  for await (const _ of stream) break
  await closed
  await execution.settled(0)
})

test('counts against the limit', async () => {
  const { stream, socket } = await streaming(`${chunked}3\r\nabc\r\n`, { maxResponseBytes: 5 })
  socket.write('3\r\ndef\r\n')
  expect(await failureOf(buffer(stream))).toMatchObject({ code: 'RESPONSE_TOO_LARGE' })
})

test('buffers the answers that are not to be streamed', async () => {
  const server = await rawServer((socket) =>
    socket.write('HTTP/1.1 404 Not Found\r\ncontent-length: 4\r\n\r\nnone'),
  )
  const changes = { mode: 'stream', streamWhen: (status: number) => status < 400 } as const
  const response = await fetchFrom(openTransport(), server.origin, changes)
  expect(response.body).toEqual(Buffer.from('none'))
})

test('nobody is harmed when it breaks unread, or when a listener throws', async () => {
  const unread = await streaming(`${chunked}3\r\nabc\r\n`)
  unread.socket.resetAndDestroy()
  await unread.execution.settled(0)
  const { stream, socket, execution } = await streaming(chunked)
  stream.on('data', () => {
    throw new Error('from a listener')
  })
  const failure = new Promise((resolve) => stream.on('error', resolve))
  await new Promise((resolve) => setImmediate(resolve))
  socket.write('3\r\nabc\r\n')
  expect(await failure).toMatchObject({ message: 'from a listener' })
  await execution.settled(0)
})
