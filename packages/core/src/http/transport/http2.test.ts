import { constants, createSecureServer, type ServerHttp2Stream } from 'node:http2'
import type { Socket } from 'node:net'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { gzipSync } from 'node:zlib'
import { expect, onTestFinished, test, vi } from 'vitest'
import { testCertificate, testKey } from '../../../test/fixtures/certificate.js'
import { failureOf, fetchFrom, listen, newExecution, openTransport } from '../../../test/fixtures/servers.js'
import { AbortedError } from '../../foundation/errors/index.js'
import type { Transport } from './create-transport.js'

interface H2Server {
  readonly origin: string
  readonly transport: Transport
}

async function h2Server(
  answer: (stream: ServerHttp2Stream, path: string) => void,
  onConnection: (socket: Socket) => void = () => undefined,
): Promise<H2Server> {
  const server = createSecureServer({ cert: testCertificate, key: testKey })
  server.on('connection', (socket: Socket) => onConnection(socket.on('error', () => undefined)))
  const sessions = new Set<{ destroy(): void }>()
  server.on('session', (session) => sessions.add(session.on('error', () => undefined)))
  server.on('stream', (stream, headers) => {
    stream.on('error', () => undefined)
    answer(stream, String(headers[':path']))
  })
  const origin = `https://127.0.0.1:${await listen(server)}`
  const transport = openTransport({ http2: true, connections: 1, tls: { ca: testCertificate } })
  onTestFinished(() => {
    for (const session of sessions) session.destroy()
    server.close()
  })
  return { origin, transport }
}

test('speaks HTTP/2: bodies both ways, compressed, several at a time', async () => {
  const { origin, transport } = await h2Server(async (stream) => {
    const sent = await buffer(stream)
    stream.respond({ ':status': 200, 'content-encoding': 'gzip' })
    stream.end(gzipSync(`got ${sent}`))
  })
  const post = { method: 'POST', body: 'this' }
  expect(String((await fetchFrom(transport, origin, post)).body)).toBe('got this')
  const source = { method: 'POST', body: () => Readable.from(['a', 'b']) }
  expect(String((await fetchFrom(transport, origin, source)).body)).toBe('got ab')
  const many = await Promise.all(Array.from({ length: 20 }, () => fetchFrom(transport, origin)))
  expect(many.map(({ body }) => String(body))).toEqual(Array(20).fill('got '))
  expect(transport.stats()[origin]?.connected).toBe(1)
})

test.each([
  ['a refused stream', constants.NGHTTP2_REFUSED_STREAM, { code: 'CONNECTION_LOST', processed: false }],
  [
    'a stream that fails',
    constants.NGHTTP2_INTERNAL_ERROR,
    { code: 'CONNECTION_LOST', processed: undefined },
  ],
  ['a cancelled stream', constants.NGHTTP2_CANCEL, { code: 'CONNECTION_LOST' }],
])('%s', async (_, code, expected) => {
  const { origin, transport } = await h2Server((stream) => stream.close(code))
  expect(await failureOf(fetchFrom(transport, origin))).toMatchObject({ ...expected, phase: 'waiting' })
})

test.each<[string, (stream: ServerHttp2Stream, socket: Socket) => void]>([
  ['the stream is reset', (stream) => stream.destroy(new Error('broken'))],
  ['the session is closed', (stream) => stream.session?.destroy()],
  ['the connection ends', (_, socket) => socket.end()],
  ['the connection is reset', (_, socket) => socket.resetAndDestroy()],
])('a body cut short is never data: %s', async (_, breakIt) => {
  let socket: Socket | undefined
  const { origin, transport } = await h2Server(
    (stream) => {
      stream.respond({ ':status': 200 })
      stream.write('half')
      setTimeout(() => breakIt(stream, socket as Socket), 20)
    },
    (opened) => {
      socket = opened
    },
  )
  expect(await failureOf(fetchFrom(transport, origin))).toMatchObject({
    code: 'CONNECTION_LOST',
    phase: 'reading',
  })
  const streamed = await fetchFrom(transport, origin, { mode: 'stream' })
  expect(await failureOf(buffer(streamed.body as Readable))).toMatchObject({ code: 'CONNECTION_LOST' })
})

test('a body cancelled while the consumer holds it back is never data', async () => {
  const { origin, transport } = await h2Server((stream) => {
    stream.respond({ ':status': 200 })
    stream.write(Buffer.alloc(5_000_000))
    setTimeout(() => stream.close(constants.NGHTTP2_CANCEL), 20)
  })
  const streamed = await fetchFrom(transport, origin, { mode: 'stream', maxResponseBytes: Infinity })
  await new Promise((resolve) => setTimeout(resolve, 60))
  expect(await failureOf(buffer(streamed.body as Readable))).toMatchObject({ code: 'CONNECTION_LOST' })
})

test('an announced body cut short by a clean end, a cancel or a reset without error is never data either', async () => {
  const cuts: Record<string, (stream: ServerHttp2Stream) => void> = {
    '/cancel': (stream) => stream.close(constants.NGHTTP2_CANCEL),
    '/end': (stream) => stream.end(),
    '/reset': (stream) => stream.destroy(),
  }
  const { origin, transport } = await h2Server((stream, path) => {
    stream.respond({ ':status': 200, 'content-length': 10 })
    stream.write('half')
    setTimeout(() => cuts[path]?.(stream), 20)
  })
  for (const path of Object.keys(cuts)) {
    expect(await failureOf(fetchFrom(transport, origin, { path }))).toMatchObject({ code: 'CONNECTION_LOST' })
    const streamed = await fetchFrom(transport, origin, { path, mode: 'stream' })
    expect(await failureOf(buffer(streamed.body as Readable))).toMatchObject({ code: 'CONNECTION_LOST' })
  }
})

test('an abort resets its stream alone', async () => {
  const reset = vi.fn()
  const { origin, transport } = await h2Server((stream, path) => {
    stream.on('aborted', reset)
    if (path === '/') setTimeout(() => stream.respond({ ':status': 204 }, { endStream: true }), 60)
  })
  const execution = newExecution()
  const slow = failureOf(fetchFrom(transport, origin, { path: '/slow' }, execution))
  const other = fetchFrom(transport, origin)
  await new Promise((resolve) => setTimeout(resolve, 40))
  execution.abort(new AbortedError())
  expect(await slow).toMatchObject({ code: 'ABORTED' })
  expect((await other).status).toBe(204)
  expect(reset).toHaveBeenCalledOnce()
})
