import { createGzip, gzipSync } from 'node:zlib'
import { expect, test, vi } from 'vitest'
import { answerWith, failureOf, fetchFrom, openTransport, rawServer } from '../../../test/fixtures/servers.js'

test('an endless body is stopped at the limit', async () => {
  const chunk = Buffer.concat([Buffer.from('10000\r\n'), Buffer.alloc(0x10000, 'x'), Buffer.from('\r\n')])
  const server = await rawServer((socket) => {
    socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n')
    const flood = (): void => {
      while (!socket.destroyed && socket.write(chunk));
    }
    socket.on('drain', flood)
    flood()
  })
  const failure = await failureOf(fetchFrom(openTransport(), server.origin, { maxResponseBytes: 500_000 }))
  expect(failure).toMatchObject({ code: 'RESPONSE_TOO_LARGE', maxBytes: 500_000, phase: 'reading' })
  await vi.waitFor(() => expect(server.busySockets()).toBe(0))
})

test('an announced length beyond the limit fails before the body comes', async () => {
  const server = await rawServer((socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 101\r\n\r\n'))
  const failure = await failureOf(fetchFrom(openTransport(), server.origin, { maxResponseBytes: 100 }))
  expect(failure).toMatchObject({ code: 'RESPONSE_TOO_LARGE' })
})

test('a body of just the limit passes, encoded or not', async () => {
  const plain = Buffer.alloc(10_000, 'abc')
  const server = await rawServer((socket, request) =>
    socket.write(
      request.includes('/gzip')
        ? answerWith(gzipSync(plain), 'content-encoding: gzip\r\n')
        : answerWith(plain),
    ),
  )
  const transport = openTransport()
  for (const path of ['/', '/gzip']) {
    const { body } = await fetchFrom(transport, server.origin, { path, maxResponseBytes: 10_000 })
    expect(body).toEqual(plain)
    const failure = await failureOf(fetchFrom(transport, server.origin, { path, maxResponseBytes: 9_999 }))
    expect(failure).toMatchObject({ code: 'RESPONSE_TOO_LARGE' })
  }
})

test('a gzip bomb of 200 MB is stopped at the limit of decompressed bytes, in little memory', async () => {
  const bomb = await gzipBomb(200)
  const server = await rawServer((socket) => socket.write(answerWith(bomb, 'content-encoding: gzip\r\n')))
  const transport = openTransport()
  const before = process.memoryUsage.rss()
  let peak = before
  const watch = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss())
  }, 2)
  const failure = await failureOf(fetchFrom(transport, server.origin, { maxResponseBytes: 10 * 1024 ** 2 }))
  const streamed = await fetchFrom(transport, server.origin, {
    maxResponseBytes: 10 * 1024 ** 2,
    mode: 'stream',
  })
  const streamFailure = await failureOf(drain(streamed.body as AsyncIterable<Buffer>))
  clearInterval(watch)
  expect(failure).toMatchObject({ code: 'RESPONSE_TOO_LARGE' })
  expect(streamFailure).toMatchObject({ code: 'RESPONSE_TOO_LARGE' })
  expect(peak - before).toBeLessThan(100 * 1024 ** 2)
})

async function drain(stream: AsyncIterable<Buffer>): Promise<void> {
  for await (const _ of stream);
}

async function gzipBomb(megabytes: number): Promise<Buffer> {
  const gzip = createGzip({ level: 9 })
  const zeros = Buffer.alloc(1024 ** 2)
  const chunks: Buffer[] = []
  gzip.on('data', (chunk: Buffer) => chunks.push(chunk))
  for (let written = 0; written < megabytes; written += 1) {
    if (!gzip.write(zeros)) await new Promise((resolve) => gzip.once('drain', resolve))
  }
  await new Promise<void>((resolve) => gzip.on('end', resolve).end())
  return Buffer.concat(chunks)
}
