import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { Readable } from 'node:stream'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { FormData as UndiciFormData, Request as UndiciRequest } from 'undici'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { failureOf, openFetch } from '../../../../test/fixtures/faces.js'
import { rawServer } from '../../../../test/fixtures/servers.js'
import { answer, faultServer } from '../../../testing.js'

const ok = answer(200, { json: { id: '42' } })

/** What a server answers, as it stands on the wire. */
async function openRaw(answerTo: (path: string) => string) {
  const paths: string[] = []
  const server = await rawServer((socket, request) => {
    const path = request.split(' ')[1] ?? ''
    paths.push(path)
    socket.end(Buffer.from(answerTo(path)))
  })
  return { url: server.origin, paths }
}

describe('the response', () => {
  it('has the reason phrase that came, and so does its clone', async () => {
    const { url } = await openRaw(() => 'HTTP/1.1 412 Invalid CSRF Token\r\ncontent-length: 2\r\n\r\nno')
    const response = await openFetch()(url)
    expect(response.statusText).toBe('Invalid CSRF Token')
    expect(response.clone().statusText).toBe('Invalid CSRF Token')
  })

  it('has headers that cannot be changed', async () => {
    await using server = await faultServer({ routes: { '*': ok } })
    const { headers } = await openFetch()(server.url)
    for (const change of ['set', 'append'] as const)
      expect(() => headers[change]('a', 'b')).toThrow(TypeError)
    expect(() => headers.delete('content-type')).toThrow(TypeError)
    const copy = new Headers(headers)
    copy.set('a', 'b')
    expect(copy.get('a')).toBe('b')
  })

  it.each(['text', 'json', 'arrayBuffer', 'blob', 'stream', 'clone'] as const)(
    'has a body that fails when the caller aborts before it is read: %s',
    async (kind) => {
      await using server = await faultServer({ routes: { '*': ok } })
      const caller = new AbortController()
      const response = await openFetch()(server.url, { signal: caller.signal })
      caller.abort(new Error('enough'))
      const reading =
        kind === 'clone'
          ? response.clone().text()
          : kind === 'stream'
            ? response.body?.getReader().read()
            : response[kind]()
      expect(await failureOf(reading as Promise<unknown>)).toMatchObject({ message: 'enough' })
    },
  )

  it.each([204, 205, 304])('of status %i has no body, whatever its headers say', async (status) => {
    const { url } = await openRaw(
      () => `HTTP/1.1 ${status} X\r\ncontent-length: ${status === 205 ? 0 : 99_999}\r\n\r\n`,
    )
    const response = await openFetch({ retry: false })(url)
    expect(response).toMatchObject({ status, body: null })
  })

  it('keeps the headers of a body in an unknown coding', async () => {
    const { url } = await openRaw(
      () => 'HTTP/1.1 200 OK\r\ncontent-encoding: UTF-8\r\ncontent-length: 5\r\n\r\nhello',
    )
    const response = await openFetch()(url)
    expect([...response.headers.keys()]).toEqual(['content-encoding', 'content-length'])
    expect(await response.text()).toBe('hello')
  })

  it('has a url without a fragment, though an empty one', async () => {
    await using server = await faultServer({ routes: { '*': ok } })
    expect((await openFetch()(`${server.url}/a?#`)).url).toBe(`${server.url}/a?`)
    expect(server.requests[0]?.path).toBe('/a?')
  })
})

describe('a redirect', () => {
  it.each([
    ['UTF-8', Buffer.from('/café?ä'), '/caf%C3%A9?%C3%A4'],
    ['latin-1', Buffer.from('/café', 'latin1'), '/caf%E9'],
  ])('leads to the bytes of a location in %s', async (_, location, target) => {
    const paths: string[] = []
    const server = await rawServer((socket, request) => {
      paths.push(request.split(' ')[1] ?? '')
      const head = paths.length === 1 ? 'HTTP/1.1 302 Found\r\nlocation: ' : 'HTTP/1.1 200 OK\r\nx: '
      socket.end(Buffer.concat([Buffer.from(head), location, Buffer.from('\r\ncontent-length: 0\r\n\r\n')]))
    })
    await openFetch()(server.origin)
    expect(paths[1]).toBe(target)
  })

  it('that carries a password does not show it', async () => {
    const { url } = await openRaw(
      () => 'HTTP/1.1 302 Found\r\nlocation: http://user:s3cret@other/\r\ncontent-length: 0\r\n\r\n',
    )
    const failure = await failureOf(openFetch()(url))
    expect(JSON.stringify(failure) + failure.message).not.toContain('s3cret')
  })
})

describe('what is sent', () => {
  const sent = async (init: RequestInit, path = '') => {
    await using server = await faultServer({ routes: { '*': ok }, recordBodies: true })
    await openFetch()(server.url + path, { method: 'POST', ...init })
    return String(server.requests[0]?.body)
  }

  it.each([
    ['global', FormData],
    ['of undici', UndiciFormData],
  ])('is a FormData, %s, in order', async (_, Form) => {
    const form = new Form()
    form.append('operations', '{}')
    form.append('0', new Blob(['x']) as never)
    form.append('map', '{}')
    const body = await sent({ body: form as never })
    expect([...body.matchAll(/ name="([^"]*)"/g)].map(([, name]) => name)).toEqual(['operations', '0', 'map'])
  })

  it('is an ArrayBuffer of another realm', async () => {
    expect(await sent({ body: runInNewContext('new Uint8Array([104, 105]).buffer') })).toBe('hi')
  })

  it.each([null, undefined])('is never shorter because a chunk is %s', async (chunk) => {
    await using server = await faultServer({ routes: { '*': ok } })
    async function* chunks() {
      yield 'a'
      yield chunk
      yield 'b'
    }
    const failure = await failureOf(openFetch()(server.url, { method: 'POST', body: chunks() as never }))
    expect(failure).toMatchObject({ code: 'ABORTED' })
  })
})

describe('a Request of another implementation', () => {
  it('of undici is sent', async () => {
    await using server = await faultServer({ routes: { '*': ok }, recordBodies: true })
    const request = new UndiciRequest(`${server.url}/orders`, {
      method: 'POST',
      body: '{}',
      headers: { 'x-a': '1' },
    })
    await openFetch({ baseUrl: server.url })(request as never)
    expect(server.requests[0]).toMatchObject({ method: 'POST', path: '/orders', headers: { 'x-a': '1' } })
    expect(String(server.requests[0]?.body)).toBe('{}')
  })

  it('of the kind of node-fetch is sent, with its Node.js stream', async () => {
    await using server = await faultServer({ routes: { '*': ok }, recordBodies: true })
    const request = {
      [Symbol.toStringTag]: 'Request',
      url: `${server.url}/orders`,
      method: 'PUT',
      headers: new Map([['x-a', '1']]),
      body: Readable.from(['{}']),
      signal: null,
    }
    await openFetch()(request as never)
    expect(server.requests[0]).toMatchObject({ method: 'PUT', path: '/orders', headers: { 'x-a': '1' } })
    expect(String(server.requests[0]?.body)).toBe('{}')
  })

  it('that is none is refused', async () => {
    const failure = await failureOf(openFetch({ baseUrl: 'http://orders' })({ url: '/orders' } as never))
    expect(failure).toMatchObject({ code: 'INVALID_INPUT' })
  })
})

it('does not show the value of a header that is refused', async () => {
  const headers = { authorization: 'Bearer s3cret\nx' }
  const failure = await failureOf(openFetch()('http://127.0.0.1:1/', { headers }))
  expect(failure).toMatchObject({ code: 'INVALID_INPUT', problems: [{ path: 'headers' }] })
  expect(failure.message + JSON.stringify(failure)).not.toContain('s3cret')
})

it.each([
  [{ mode: 'navigate' }, 'mode'],
  [{ credentials: 'all' }, 'credentials'],
  [{ cache: 'never' }, 'cache'],
  [{ cache: 'only-if-cached' }, 'cache'],
])('refuses %j, as fetch does', async (init, path) => {
  await expect(fetch('http://127.0.0.1:1/', init as never)).rejects.toThrow(TypeError)
  const failure = await failureOf(openFetch()('http://127.0.0.1:1/', init as never))
  expect(failure).toMatchObject({ code: 'INVALID_INPUT', problems: [{ path }] })
})

describe('a body that nobody reads', () => {
  const chunked = (bytes: number) => {
    const size = bytes.toString(16)
    return `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${size}\r\n${'x'.repeat(bytes)}\r\n0\r\n\r\n`
  }

  it('frees its permit when it has arrived', async () => {
    const { url } = await openRaw(() => chunked(20_000))
    const fetch = openFetch({ bulkhead: { maxConcurrent: 10, maxQueue: 0 } })
    const held: Response[] = []
    for (let call = 0; call < 30; call++) {
      held.push(await fetch(url))
      await vi.waitFor(() => expect(fetch.$stats().origins[0]?.inFlight).toBe(0))
    }
    expect(await held[0]?.text()).toHaveLength(20_000)
  })

  it('frees its permit when its response is gone, and not while somebody reads', async () => {
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    const { url } = await openRaw(() => chunked(3_000_000))
    const fetch = openFetch({ bulkhead: { maxConcurrent: 3 } })
    const read = async () => (await fetch(url)).text()
    const reading = read()
    for (let call = 0; call < 2; call++) await fetch(url)
    await vi.waitFor(() => {
      collect()
      expect(fetch.$stats().origins[0]?.inFlight).toBe(0)
    })
    expect(await reading).toHaveLength(3_000_000)
  })
})

it('a body stream is cancelled with a call that is aborted before it is sent', async () => {
  const cancelled: unknown[] = []
  const body = new ReadableStream({ cancel: (reason) => void cancelled.push(reason) })
  const node = new Readable({ read() {} })
  const signal = AbortSignal.abort('enough')
  for (const stream of [body, node]) {
    const call = openFetch()('http://127.0.0.1:1/', {
      method: 'POST',
      body: stream,
      signal,
      duplex: 'half',
    } as never)
    await expect(call).rejects.toBe('enough')
  }
  expect(cancelled).toEqual(['enough'])
  expect(node.destroyed).toBe(true)
})

it('lets the process end though a body is unread', async () => {
  const { url } = await openRaw(
    () => 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
  )
  const code = `
    import { createFetch } from '@holdfast/core'
    await createFetch({ timeoutMs: 60_000, attemptTimeoutMs: 60_000 })('${url}')`
  const args = ['--conditions=holdfast-source', '--import=tsx', '--input-type=module', '-e', code]
  const child = spawn(process.execPath, args, { cwd: import.meta.dirname, stdio: 'inherit' })
  onTestFinished(() => void child.kill('SIGKILL'))
  expect(await once(child, 'exit')).toEqual([0, null])
}, 20_000)
