import { createServer } from 'node:http'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { expect, onTestFinished, test, vi } from 'vitest'
import {
  answerWith,
  failureOf,
  fetchFrom,
  listen,
  openTransport,
  rawServer,
} from '../../../test/fixtures/servers.js'

test('buffers a body, whole and in chunks', async () => {
  const server = await rawServer((socket) => {
    socket.write(
      'HTTP/1.1 201 Created\r\ntransfer-encoding: chunked\r\nset-cookie: a=1\r\nset-cookie: b=2\r\n\r\n',
    )
    socket.write('3\r\nabc\r\n')
    setTimeout(() => socket.write('3\r\ndef\r\n0\r\n\r\n'), 10)
  })
  const response = await fetchFrom(openTransport(), server.origin, {
    path: '/a?b=1',
    headers: { 'x-a': 'ü'.normalize() },
  })
  expect(response.status).toBe(201)
  expect(response.headers['set-cookie']).toEqual(['a=1', 'b=2'])
  expect(String(response.body)).toBe('abcdef')
  expect(server.requests[0]).toMatch(/^GET \/a\?b=1 HTTP\/1\.1\r\n/)
})

test('answers an empty body with an empty buffer and HEAD, 204 and 304 without waiting for one', async () => {
  const server = await rawServer((socket, request) => {
    if (request.startsWith('HEAD'))
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 99\r\ncontent-encoding: gzip\r\n\r\n')
    else if (request.includes('/304')) socket.write('HTTP/1.1 304 Not Modified\r\ncontent-length: 99\r\n\r\n')
    else if (request.includes('/204'))
      socket.write('HTTP/1.1 204 No Content\r\ncontent-length: 5\r\ncontent-encoding: br, br, br, br\r\n\r\n')
    else socket.write(answerWith('', 'content-encoding: gzip\r\n'))
  })
  const transport = openTransport()
  const answers = [
    await fetchFrom(transport, server.origin, { method: 'HEAD', maxResponseBytes: 10 }),
    await fetchFrom(transport, server.origin, { path: '/304', maxResponseBytes: 10 }),
    await fetchFrom(transport, server.origin, { path: '/204' }),
    await fetchFrom(transport, server.origin),
  ]
  expect(answers.map(({ status }) => status)).toEqual([200, 304, 204, 200])
  for (const { body } of answers) expect(body).toEqual(Buffer.alloc(0))
})

test('ignores 103 and drops a body in discard mode but for an error’s', async () => {
  const server = await rawServer((socket, request) => {
    socket.write('HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n')
    if (request.includes('/bad')) socket.write('HTTP/1.1 400 Bad Request\r\ncontent-length: 3\r\n\r\nbad')
    else socket.write(answerWith('thrown away', 'content-encoding: made-up\r\n'))
  })
  const transport = openTransport({ connections: 1 })
  const isFine = (status: number): boolean => status < 400
  const discarded = await fetchFrom(transport, server.origin, { mode: 'discard', streamWhen: isFine })
  expect(discarded).toMatchObject({ status: 200, body: undefined })
  const bad = await fetchFrom(transport, server.origin, { mode: 'discard', path: '/bad', streamWhen: isFine })
  expect(String(bad.body)).toBe('bad')
  const streamed = await fetchFrom(transport, server.origin, { mode: 'stream', path: '/bad' })
  expect(streamed.status).toBe(400)
  expect(await text(streamed.body as Readable)).toBe('bad')
  expect(server.connections()).toBe(1)
})

test('sends strings, bytes and streams, a fresh stream for each attempt', async () => {
  const bodies: string[] = []
  const server = createServer(async (request, response) => {
    bodies.push(await text(request))
    response.end()
  })
  const origin = `http://127.0.0.1:${await listen(server)}`
  onTestFinished(() => void server.close())
  const transport = openTransport()
  const source = vi.fn(() => Readable.from(['one', 'two']))
  for (const body of ['text', new Uint8Array([65, 66]), source, source]) {
    await fetchFrom(transport, origin, { method: 'POST', body })
  }
  expect(source).toHaveBeenCalledTimes(2)
  expect(bodies).toEqual(['text', 'AB', 'onetwo', 'onetwo'])
})

test('shows requests that wait for a connection', async () => {
  const waiting: (() => void)[] = []
  const server = await rawServer((socket) => waiting.push(() => socket.write(answerWith('ok'))))
  const transport = openTransport({ connections: 1 })
  const calls = [fetchFrom(transport, server.origin), fetchFrom(transport, server.origin)]
  await vi.waitFor(() => expect(waiting).toHaveLength(1))
  expect(transport.stats()[server.origin]).toMatchObject({ connected: 1, running: 1, waiting: 1 })
  waiting[0]?.()
  await vi.waitFor(() => expect(waiting).toHaveLength(2))
  waiting[1]?.()
  await Promise.all(calls)
})

test('refuses what cannot be sent, as the caller’s mistake', async () => {
  const server = await rawServer((socket) => socket.write(answerWith('ok')))
  const transport = openTransport()
  for (const wrong of [
    { path: 'no-slash' },
    { path: '/a b' },
    { headers: { 'x-a': 'a\r\nb' } },
    { method: 'G T' },
  ]) {
    expect(await failureOf(fetchFrom(transport, server.origin, wrong))).toMatchObject({
      code: 'INVALID_INPUT',
    })
  }
  expect(server.requests).toEqual([])
})
