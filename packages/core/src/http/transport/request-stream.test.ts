import { createServer } from 'node:http'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
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

test('a request body waits for a server that reads slowly', async () => {
  const server = createServer((request, response) => {
    request.pause()
    setTimeout(() => request.resume(), 100)
    request.on('end', () => response.end('ok'))
  })
  const origin = `http://127.0.0.1:${await listen(server)}`
  onTestFinished(() => void server.close())
  let produced = 0
  const source = new Readable({
    read() {
      produced += 65_536
      this.push(produced > 30_000_000 ? null : Buffer.alloc(65_536))
    },
  })
  const call = fetchFrom(openTransport(), origin, { method: 'POST', body: () => source })
  await new Promise((resolve) => setTimeout(resolve, 60))
  expect(produced).toBeLessThan(15_000_000)
  expect((await call).status).toBe(200)
})

test.each<[string, (source: Readable) => void]>([
  ['fails', (source) => source.destroy(new Error('the disk is gone'))],
  ['is closed early', (source) => source.destroy()],
])('a source that %s is the caller’s affair, and the connection is given up', async (_, breakIt) => {
  const server = await rawServer(() => undefined)
  const source = new Readable({ read() {} })
  source.push('beginning')
  const execution = newExecution()
  const call = fetchFrom(openTransport(), server.origin, { method: 'POST', body: () => source }, execution)
  await vi.waitFor(() => expect(server.requests).toHaveLength(1))
  breakIt(source)
  expect(await failureOf(call)).toMatchObject({ code: 'ABORTED', phase: 'sending' })
  await execution.settled(0)
  await vi.waitFor(() => expect(server.busySockets()).toBe(0))
})

test('a source that fails while the request waits for a connection ends the call at once', async () => {
  const server = await rawServer((socket) => setTimeout(() => socket.write(answerWith('ok')), 50))
  const transport = openTransport({ connections: 1 })
  const first = fetchFrom(transport, server.origin)
  const source = new Readable({ read() {} })
  const execution = newExecution()
  const second = fetchFrom(transport, server.origin, { method: 'POST', body: () => source }, execution)
  source.destroy(new Error('the disk is gone'))
  expect(await failureOf(second)).toMatchObject({ code: 'ABORTED', cause: { message: 'the disk is gone' } })
  await Promise.all([first, execution.settled(0)])
})

test('a connection lost while sending is CONNECTION_LOST, and the source is destroyed', async () => {
  const server = await rawServer((socket) => socket.resetAndDestroy())
  const source = new Readable({
    read() {
      setTimeout(() => this.push(Buffer.alloc(65_536)), 1)
    },
  })
  const failure = await failureOf(
    fetchFrom(openTransport(), server.origin, { method: 'POST', body: () => source }),
  )
  expect(failure).toMatchObject({ code: 'CONNECTION_LOST', phase: 'sending' })
  expect(source.destroyed).toBe(true)
})

test('an answer before the end of the request counts, and the rest is not sent', async () => {
  const server = await rawServer((socket) => socket.write(answerWith('early')))
  const source = new Readable({ read() {} })
  source.push('beginning')
  const response = await fetchFrom(openTransport(), server.origin, { method: 'POST', body: () => source })
  expect(String(response.body)).toBe('early')
  await vi.waitFor(() => expect(source.destroyed).toBe(true))
})

test('a source that fails while the answer is already streaming ends both', async () => {
  const server = await rawServer((socket) =>
    socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n'),
  )
  const source = new Readable({ read() {} })
  source.push('beginning')
  const changes = { method: 'POST', body: () => source, mode: 'stream' } as const
  const execution = newExecution()
  const { body } = await fetchFrom(openTransport(), server.origin, changes, execution)
  source.destroy(new Error('the disk is gone'))
  expect(await failureOf(buffer(body as Readable))).toMatchObject({ code: 'ABORTED' })
  await execution.settled(0)
})

test('a source that cannot be opened is an error like any other', async () => {
  const server = await rawServer((socket) => socket.write(answerWith('ok')))
  const body = (): Readable => {
    throw new Error('no such file')
  }
  const failure = await failureOf(fetchFrom(openTransport(), server.origin, { method: 'POST', body }))
  expect(failure).toMatchObject({ code: 'ABORTED', cause: { message: 'no such file' } })
  expect(server.requests).toEqual([])
})
