import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import nock from 'nock'
import type { Dispatcher } from 'undici'
import { afterEach, describe, expect, it } from 'vitest'
import {
  type Behaviour,
  brokenEncoding,
  faultServer,
  fetchTransport,
  hangUp,
  oversize,
  redirect,
  stall,
} from '../../testing.js'

afterEach(() => {
  nock.restore()
  nock.cleanAll()
})

interface Seen {
  status?: number
  headers?: Record<string, unknown>
  body?: Buffer
  error?: Error & { code?: string }
  /** Calls of the handler, in order, each once in a row. */
  calls: string[]
  controller?: Dispatcher.DispatchController
}

type Options = Partial<Dispatcher.DispatchOptions>

/** Dispatches and collects; `on` may act on the controller. */
function dispatch(
  url: string,
  options: Options = {},
  on: (call: string, seen: Seen) => void = () => {},
): Promise<Seen> {
  const { origin, pathname, search } = new URL(url)
  return new Promise((resolve) => {
    const seen: Seen = { calls: [] }
    const chunks: Buffer[] = []
    const note = (call: string) => {
      if (seen.calls.at(-1) !== call) seen.calls.push(call)
      on(call, seen)
    }
    fetchTransport().dispatch(
      { origin, path: pathname + search, method: 'GET', ...options },
      {
        onRequestStart(controller) {
          seen.controller = controller
          note('start')
        },
        onResponseStart(_, status, headers) {
          Object.assign(seen, { status, headers })
          note('headers')
        },
        onResponseData(_, chunk) {
          chunks.push(chunk)
          note('data')
        },
        onResponseEnd() {
          note('end')
          seen.body = Buffer.concat(chunks)
          resolve(seen)
        },
        onResponseError(_, error) {
          seen.error = error
          note('error')
          resolve(seen)
        },
      },
    )
  })
}

const echo: Behaviour = (request, response) => {
  const headers = {
    'set-cookie': ['a=1', 'b=2'],
    'x-method': request.method,
    'x-test': request.headers['x-test'],
  }
  response.writeHead(201, headers as never)
  request.pipe(response)
}

describe('over a server', () => {
  it.each([
    ['a string', () => 'hello'],
    ['bytes', () => new TextEncoder().encode('hello')],
    ['a stream', () => Readable.from([Buffer.from('hel'), Buffer.from('lo')])],
  ])('sends %s', async (_, body) => {
    await using server = await faultServer({ routes: { '*': echo } })
    const headers = { 'x-test': 'yes', connection: 'close', 'content-length': '5' }
    const seen = await dispatch(`${server.url}/a?b=c`, { method: 'POST', body: body() as never, headers })
    expect(seen).toMatchObject({ status: 201, calls: ['start', 'headers', 'data', 'end'] })
    expect(seen.body?.toString()).toBe('hello')
    expect(seen.headers).toMatchObject({ 'set-cookie': ['a=1', 'b=2'], 'x-method': 'POST', 'x-test': 'yes' })
    expect(server.requests[0]?.path).toBe('/a?b=c')
  })

  it.each([
    ['a flat list', ['x-test', 'yes']],
    ['pairs', new Map([['x-test', 'yes']])],
  ])('takes headers as %s', async (_, headers) => {
    await using server = await faultServer({ routes: { '*': echo } })
    expect((await dispatch(server.url, { headers })).headers).toMatchObject({ 'x-test': 'yes' })
  })

  it('hands out what fetch has decompressed, without the headers of the compressed body', async () => {
    const gzip: Behaviour = (_, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': gzipSync('{}').length })
      response.end(gzipSync('{}'))
    }
    await using server = await faultServer({ routes: { '*': gzip } })
    const { body, headers } = await dispatch(server.url, { headers: { 'accept-encoding': 'zstd, gzip' } })
    expect(body?.toString()).toBe('{}')
    expect(headers).not.toHaveProperty('content-encoding')
    expect(headers).not.toHaveProperty('content-length')
    expect(server.requests[0]?.headers['accept-encoding']).toBe('gzip')
  })

  it('keeps a coding that fetch does not undo', async () => {
    await using server = await faultServer({ routes: { '*': brokenEncoding('unknown-coding') } })
    expect((await dispatch(server.url)).headers).toHaveProperty('content-encoding', 'x-unknown')
  })

  it('reports a body that is not in the encoding it claims', async () => {
    await using server = await faultServer({ routes: { '*': brokenEncoding('not-gzip') } })
    expect((await dispatch(server.url)).error).toMatchObject({ code: 'PROTOCOL_ERROR' })
  })

  it('does not follow redirects', async () => {
    await using server = await faultServer({ routes: { '*': redirect({ to: 'http://other/' }) } })
    expect(await dispatch(server.url)).toMatchObject({ status: 302, headers: { location: 'http://other/' } })
  })

  it('reports the error underneath, once', async () => {
    await using server = await faultServer({
      routes: { '/start': hangUp(), '/body': hangUp({ at: 'body' }) },
    })
    const start = await dispatch(`${server.url}/start`)
    expect(start).toMatchObject({ error: { code: 'UND_ERR_SOCKET' }, calls: ['start', 'error'] })
    const body = await dispatch(`${server.url}/body`)
    expect(body).toMatchObject({ error: { code: 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH' } })
    expect(body.calls.at(-1)).toBe('error')
    await server.refuse()
    expect((await dispatch(server.url)).error).toMatchObject({ code: 'ECONNREFUSED' })
  })

  it.each(['start', 'headers', 'data'])('aborts at %s', async (moment) => {
    await using server = await faultServer({ routes: { '*': oversize() } })
    const reason = new Error('enough')
    const seen = await dispatch(server.url, {}, (call, { controller }) => {
      if (call === moment) controller?.abort(reason)
    })
    expect(seen.error).toBe(reason)
    expect(seen.calls.slice(-2)).toEqual([moment, 'error'])
    await expect.poll(() => server.stats().inFlight).toBe(0)
  })

  it('aborts while the server is silent', async () => {
    await using server = await faultServer({ routes: { '*': stall() } })
    const reason = new Error('enough')
    const pending = dispatch(server.url, {}, (_, { controller }) => {
      void server.received(1).then(() => controller?.abort(reason))
    })
    expect((await pending).error).toBe(reason)
  })

  it('pauses and resumes', async () => {
    await using server = await faultServer({ routes: { '*': oversize({ bytes: 2_000_000 }) } })
    let chunks = 0
    let chunksAfterAPause: number | undefined
    const seen = await dispatch(server.url, {}, (call, { controller }) => {
      if (call !== 'data' || ++chunks > 1) return
      controller?.pause()
      void sleep(50).then(() => {
        chunksAfterAPause = chunks
        controller?.resume()
      })
    })
    expect(chunksAfterAPause).toBe(1)
    expect(seen.body?.length).toBe(2_000_000)
  })

  it('says what fetch cannot do', async () => {
    const seen = await dispatch('http://127.0.0.1/', { body: 'x' })
    expect(seen).toMatchObject({ error: { code: 'UND_ERR_NOT_SUPPORTED' } })
  })
})

describe('under nock', () => {
  it('is answered by nock', async () => {
    nock.activate()
    nock('http://orders').post('/orders', { id: '42' }).matchHeader('x-a', 'b').reply(201, { ok: true })
    const headers = { 'x-a': 'b', 'content-type': 'application/json' }
    const seen = await dispatch('http://orders/orders', { method: 'POST', body: '{"id":"42"}', headers })
    expect(seen.status).toBe(201)
    expect(seen.body?.toString()).toBe('{"ok":true}')
  })

  it('reports the error that nock was told to reply with', async () => {
    nock.activate()
    nock('http://orders')
      .get('/')
      .replyWithError(Object.assign(new Error('gone'), { code: 'ECONNRESET' }))
    expect((await dispatch('http://orders/')).error).toMatchObject({ code: 'ECONNRESET' })
  })

  it('says that nock knows no answer', async () => {
    nock.activate()
    nock('http://orders').get('/other').reply(200)
    const { error } = await dispatch('http://orders/')
    expect(error).toMatchObject({ code: 'INVALID_INPUT', message: expect.stringMatching(/no match/i) })
  })
})
