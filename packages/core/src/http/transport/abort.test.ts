import dns from 'node:dns'
import { createServer, type Socket } from 'node:net'
import { Readable } from 'node:stream'
import { expect, onTestFinished, test, vi } from 'vitest'
import {
  answerWith,
  failureOf,
  fetchFrom,
  listen,
  newExecution,
  openTransport,
  rawServer,
} from '../../../test/fixtures/servers.js'
import { AbortedError } from '../../foundation/errors/index.js'
import type { Execution } from '../../policies/index.js'

/** Aborts, and asserts that the call settles before anything else happens. */
async function abortNow(execution: Execution, call: Promise<unknown>): Promise<AbortedError> {
  const reason = new AbortedError()
  let isNextTurn = false
  setImmediate(() => {
    isNextTurn = true
  })
  execution.abort(reason)
  expect(await failureOf(call)).toBe(reason)
  expect(isNextTurn).toBe(false)
  return reason
}

async function silentServer(): Promise<number> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined).resume()
  })
  const port = await listen(server)
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return port
}

test('an execution aborted before is not sent', async () => {
  const server = await rawServer((socket) => socket.write(answerWith('ok')))
  const execution = newExecution()
  execution.abort(new AbortedError())
  expect(await failureOf(fetchFrom(openTransport(), server.origin, {}, execution))).toBe(execution.reason)
  expect(server.connections()).toBe(0)
})

test('queued: at once, the permit is kept until undici lets go, nothing is sent', async () => {
  const held: Socket[] = []
  const server = await rawServer((socket) => held.push(socket))
  const transport = openTransport({ connections: 1 })
  const first = fetchFrom(transport, server.origin)
  await vi.waitFor(() => expect(held).toHaveLength(1))
  const execution = newExecution()
  const source = new Readable({ read() {} })
  const changes = { path: '/second', method: 'POST', body: () => source }
  const second = fetchFrom(transport, server.origin, changes, execution)
  expect((await abortNow(execution, second)).phase).toBe('queued')
  expect(source.destroyed).toBe(true)
  expect(execution.lingered).toBe(1)
  let isReleased = false
  const released = execution.settled(0).then(() => {
    isReleased = true
  })
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(isReleased).toBe(false)
  held[0]?.write(answerWith('ok'))
  await Promise.all([first, released])
  expect(server.requests.filter((request) => request.includes('/second'))).toEqual([])
})

test('looking up', async () => {
  const lookup = vi.spyOn(dns, 'lookup').mockImplementation((() => undefined) as never)
  const execution = newExecution()
  const call = fetchFrom(openTransport({ connectTimeoutMs: 50 }), 'http://orders.invalid:1', {}, execution)
  await vi.waitFor(() => expect(lookup).toHaveBeenCalled())
  expect((await abortNow(execution, call)).phase).toBe('lookup')
  await execution.settled(0)
})

test('connecting', async () => {
  const port = await silentServer()
  const execution = newExecution()
  const transport = openTransport({ connectTimeoutMs: 100 })
  const call = fetchFrom(transport, `https://127.0.0.1:${port}`, {}, execution)
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect((await abortNow(execution, call)).phase).toBe('connecting')
  await execution.settled(0)
})

test('sending: the source is destroyed and the connection closed', async () => {
  let peer: Socket | undefined
  const server = await rawServer((socket) => {
    peer = socket.pause()
  })
  const source = new Readable({ read() {} })
  for (let index = 0; index < 8; index += 1) source.push(Buffer.alloc(1_000_000))
  const execution = newExecution()
  const call = fetchFrom(openTransport(), server.origin, { method: 'POST', body: () => source }, execution)
  await vi.waitFor(() => expect(server.requests).toHaveLength(1))
  expect((await abortNow(execution, call)).phase).toBe('sending')
  expect(source.destroyed).toBe(true)
  peer?.resume()
  expect(execution.lingered).toBe(0)
})

test.each([
  ['waiting', ''],
  ['reading', 'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf'],
])('%s: the connection is closed and nothing lingers', async (phase, bytes) => {
  const server = await rawServer((socket) => socket.write(bytes))
  const execution = newExecution()
  const call = fetchFrom(openTransport(), server.origin, {}, execution)
  await vi.waitFor(() => expect(server.requests).toHaveLength(1))
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect((await abortNow(execution, call)).phase).toBe(phase)
  expect(execution.lingered).toBe(0)
  await vi.waitFor(() => expect(server.busySockets()).toBe(0))
})

test('one call of many is aborted alone', async () => {
  const server = await rawServer((socket, request) => {
    if (!request.includes('/slow')) setTimeout(() => socket.write(answerWith('ok')), 30)
  })
  const transport = openTransport({ connections: 20 })
  const others = Array.from({ length: 10 }, () => fetchFrom(transport, server.origin))
  const execution = newExecution()
  const slow = fetchFrom(transport, server.origin, { path: '/slow' }, execution)
  await vi.waitFor(() => expect(server.requests).toHaveLength(11))
  await abortNow(execution, slow)
  expect((await Promise.all(others)).map(({ status }) => status)).toEqual(Array(10).fill(200))
})

test('an abort after the answer changes nothing, and no listener is left', async () => {
  const server = await rawServer((socket) => socket.write(answerWith('ok')))
  const execution = newExecution()
  const detach = vi.spyOn(execution, 'detach')
  expect((await fetchFrom(openTransport(), server.origin, {}, execution)).status).toBe(200)
  expect(detach).toHaveBeenCalledOnce()
  execution.abort(new AbortedError())
  expect(execution.lingered).toBe(0)
})
