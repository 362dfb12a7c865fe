import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import zlib from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { answerWith, failureOf, fetchFrom, openTransport, rawServer } from '../../../test/fixtures/servers.js'
import {
  type Coding,
  createDecoders,
  decodeBody,
  parseCodings,
  supportedCodings,
} from './content-encoding.js'

const encoders: Record<string, (body: Buffer) => Buffer> = {
  gzip: zlib.gzipSync,
  deflate: zlib.deflateSync,
  br: zlib.brotliCompressSync,
  zstd: (zlib as unknown as { zstdCompressSync: (body: Buffer) => Buffer }).zstdCompressSync,
}

const encode = (body: Uint8Array, inOrder: readonly string[]): Buffer =>
  inOrder.reduce<Buffer>((bytes, coding) => encoders[coding]?.(bytes) as Buffer, Buffer.from(body))

test('undoes every chain of up to three codings', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 40_000 }),
      fc.array(fc.constantFrom(...supportedCodings), { minLength: 1, maxLength: 3 }),
      async (body, inOrder) => {
        const codings = parseCodings(inOrder.join(', '))
        const decoded = await decodeBody(encode(body, inOrder), codings, 40_000)
        expect(decoded.equals(body)).toBe(true)
      },
    ),
    { numRuns: 50 },
  )
})

test('never takes a body cut short, or one in no coding at all, for data', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ minLength: 1, maxLength: 2_000 }),
      fc.constantFrom<Coding>('gzip', 'deflate', 'br'),
      fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
      async (body, coding, share) => {
        const encoded = encode(body, [coding])
        const cut = encoded.subarray(0, Math.max(1, Math.floor(encoded.length * share)))
        const failure = await failureOf((async () => decodeBody(cut, [coding], 10_000))())
        expect(failure).toMatchObject({ code: 'PROTOCOL_ERROR' })
      },
    ),
  )
  for (const coding of supportedCodings) {
    const failure = await failureOf(
      (async () => decodeBody(Buffer.from('{"plain":true}'), [coding], 10_000))(),
    )
    expect(failure).toMatchObject({ code: 'PROTOCOL_ERROR' })
  }
})

test('takes deflate with and without its wrapper', async () => {
  const body = Buffer.from('a body')
  expect(await decodeBody(zlib.deflateRawSync(body), ['deflate'], 100)).toEqual(body)
  expect(await decodeBody(zlib.deflateSync(body), ['deflate'], 100)).toEqual(body)
})

test('reads the header', () => {
  expect(parseCodings(undefined)).toEqual([])
  expect(parseCodings('identity')).toEqual([])
  expect(parseCodings('X-GZip, BR,')).toEqual(['br', 'gzip'])
  expect(parseCodings(['gzip', 'br'])).toEqual(['br', 'gzip'])
  expect(() => parseCodings('gzip, gzip, gzip, gzip')).toThrow(
    expect.objectContaining({ code: 'PROTOCOL_ERROR' }),
  )
})

test.each<[string, Buffer, string]>([
  ['truncated gzip', zlib.gzipSync('x'.repeat(1000)).subarray(0, -6), 'gzip'],
  ['an identity body labelled gzip', Buffer.from('{"a":1}'), 'gzip'],
  ['a chain of ten', Buffer.from('{"a":1}'), Array(10).fill('gzip').join()],
])('%s is PROTOCOL_ERROR over the wire, buffered and streamed', async (_, body, encoding) => {
  const server = await rawServer((socket) =>
    socket.write(answerWith(body, `content-encoding: ${encoding}\r\n`)),
  )
  const transport = openTransport()
  expect(await failureOf(fetchFrom(transport, server.origin))).toMatchObject({ code: 'PROTOCOL_ERROR' })
  const streamed = fetchFrom(transport, server.origin, { mode: 'stream' }).then(async (response) => {
    for await (const _chunk of response.body as AsyncIterable<Buffer>);
  })
  expect(await failureOf(streamed)).toMatchObject({ code: 'PROTOCOL_ERROR', phase: 'reading' })
})

test.each([[['gzip']], [['deflate']], [['br']], [['gzip', 'br']]])(
  'streams and buffers a body in %j',
  async (inOrder) => {
    const body = Buffer.alloc(300_000, 'some text that repeats itself. ')
    const server = await rawServer((socket) =>
      socket.write(answerWith(encode(body, inOrder), `content-encoding: ${inOrder.join(', ')}\r\n`)),
    )
    const transport = openTransport()
    const buffered = await fetchFrom(transport, server.origin)
    expect(body.equals(buffered.body as Buffer)).toBe(true)
    const streamed = await fetchFrom(transport, server.origin, { mode: 'stream' })
    const chunks: Buffer[] = []
    for await (const chunk of streamed.body as AsyncIterable<Buffer>) chunks.push(chunk)
    expect(body.equals(Buffer.concat(chunks))).toBe(true)
  },
)

test.each(['UTF-8', 'none', 'binary', 'aws-chunked', 'gzip, UTF-8', 'constructor'])(
  'a body in the unknown coding %s comes as it is, buffered and streamed',
  async (encoding) => {
    const server = await rawServer((socket) =>
      socket.write(answerWith('hello', `content-encoding: ${encoding}\r\n`)),
    )
    const transport = openTransport()
    expect(String((await fetchFrom(transport, server.origin)).body)).toBe('hello')
    const streamed = await fetchFrom(transport, server.origin, { mode: 'stream' })
    expect(await text(streamed.body as Readable)).toBe('hello')
  },
)

test.each([
  ['in no coding at all', 'gzip'],
  ['encoded too often', 'gzip, gzip, gzip, gzip'],
])('a body %s does not hide the status of an error', async (_, encoding) => {
  const server = await rawServer((socket) =>
    socket.write(
      `HTTP/1.1 502 Bad Gateway\r\ncontent-encoding: ${encoding}\r\ncontent-length: 4\r\n\r\ndown`,
    ),
  )
  const response = await fetchFrom(openTransport(), server.origin)
  expect(response).toMatchObject({ status: 502, statusText: 'Bad Gateway' })
  expect(String(response.body)).toBe('down')
})

test('tells raw deflate by two bytes, which may come one by one, in a chain of codings too', async () => {
  const body = 'some text that repeats itself. '.repeat(100)
  for (const coding of ['deflate', 'gzip, deflate'] as const) {
    for (const wrapped of [true, false]) {
      const inner = coding === 'deflate' ? Buffer.from(body) : zlib.gzipSync(body)
      const encoded = wrapped ? zlib.deflateSync(inner) : zlib.deflateRawSync(inner)
      const [first] = createDecoders(parseCodings(coding))
      const decoded: Buffer[] = []
      first?.on('data', (chunk: Buffer) => decoded.push(chunk))
      for (const byte of encoded) first?.write(Buffer.from([byte]))
      first?.end()
      await once(first as Readable, 'end')
      expect(Buffer.concat(decoded).equals(inner)).toBe(true)
    }
  }
})

test('takes deflate that has nothing, or stops after one byte, for what it is', async () => {
  const [empty] = createDecoders(['deflate'])
  empty?.resume().end()
  await once(empty as Readable, 'end')
  const [short] = createDecoders(['deflate'])
  short?.resume().end(Buffer.from([0x78]))
  expect(await failureOf(once(short as Readable, 'end'))).toBeInstanceOf(Error)
})
