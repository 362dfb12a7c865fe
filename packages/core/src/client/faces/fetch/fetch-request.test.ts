import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { failureOf, openFetch } from '../../../../test/fixtures/faces.js'
import { answer, cycle, faultServer, redirect } from '../../../testing.js'

const flaky = cycle([answer(503), answer(200)])
const ok = answer(200)

/** What the fault server saw of a request that global `fetch` and ours made alike. */
async function bothWays(body: () => unknown, headers?: Record<string, string>) {
  await using server = await faultServer({ routes: { '*': ok }, recordBodies: true })
  const init = () =>
    ({ method: 'POST', body: body(), duplex: 'half', ...(headers && { headers }) }) as RequestInit
  await fetch(server.url, init())
  await openFetch()(server.url, init())
  return server.requests.map(({ headers, body }) => ({
    type: headers['content-type'],
    length: headers['content-length'],
    body: String(body),
  }))
}

describe('bodies arrive as those of fetch do', () => {
  it.each([
    ['text', () => 'hällo'],
    ['empty text', () => ''],
    ['a query', () => new URLSearchParams({ a: '1', b: 'ä&' })],
    ['a Blob', () => new Blob(['blob'], { type: 'image/x' })],
    ['bytes', () => new Uint8Array([65, 66]).subarray(1)],
    ['an ArrayBuffer', () => new TextEncoder().encode('buffer').buffer],
    ['a stream', () => new Blob(['stream']).stream()],
    ['a Node.js stream', () => Readable.from(['a', 'b'])],
    ['a number', () => 5],
  ])('%s', async (_, body) => {
    const [theirs, ours] = await bothWays(body)
    expect(ours).toEqual(theirs)
  })

  it('none where the options are null, which a caller in JavaScript may give', async () => {
    await using server = await faultServer({ routes: { '*': ok } })
    const response = await openFetch()(server.url, null as never)
    expect(response.status).toBe(200)
  })

  it('and a content type that is given stays', async () => {
    const [theirs, ours] = await bothWays(() => '{}', { 'Content-Type': 'application/json' })
    expect(ours).toEqual(theirs)
    expect(ours?.type).toBe('application/json')
  })

  it('a form', async () => {
    await using server = await faultServer({ routes: { '*': ok }, recordBodies: true })
    const form = new FormData()
    form.append('a', '1')
    form.append('file', new File(['text'], 'a.txt', { type: 'text/plain' }))
    await openFetch()(server.url, { method: 'POST', body: form })
    const [request] = server.requests
    const type = request?.headers['content-type'] ?? ''
    const parsed = await new Response(String(request?.body), { headers: { 'content-type': type } }).formData()
    expect(parsed.get('a')).toBe('1')
    expect(parsed.get('file')).toMatchObject({ name: 'a.txt', type: 'text/plain', size: 4 })
    expect(Number(request?.headers['content-length'])).toBe(String(request?.body).length)
  })
})

describe('a Request', () => {
  it('is sent with what it has, and init wins', async () => {
    await using server = await faultServer({ routes: { '*': ok }, recordBodies: true })
    const call = openFetch({ headers: { 'x-all': 'a', 'x-b': 'a' } })
    const request = new Request(`${server.url}/a`, { method: 'PUT', body: 'text', headers: { 'x-b': 'b' } })
    await call(request)
    expect(request.bodyUsed).toBe(true)
    await call(new Request(`${server.url}/b`, { headers: { 'x-b': 'b' } }), { headers: { 'x-c': 'c' } })
    expect(server.requests).toMatchObject([
      { method: 'PUT', headers: { 'x-all': 'a', 'x-b': 'b', 'content-type': 'text/plain;charset=UTF-8' } },
      { method: 'GET', headers: { 'x-all': 'a', 'x-b': 'a', 'x-c': 'c' } },
    ])
    expect(String(server.requests[0]?.body)).toBe('text')
    expect(await failureOf(call(request))).toMatchObject({ code: 'INVALID_INPUT' })
  })

  it('with a short body is sent again, a long one goes once', async () => {
    await using server = await faultServer({ routes: { '*': flaky }, recordBodies: true })
    const call = openFetch()
    expect((await call(new Request(server.url, { method: 'PUT', body: 'short' }))).status).toBe(200)
    expect(server.requests.map(({ body }) => String(body))).toEqual(['short', 'short'])
    const long = 'x'.repeat(200_000)
    expect((await call(new Request(server.url, { method: 'PUT', body: long }))).status).toBe(503)
    expect(String(server.requests[2]?.body)).toBe(long)
  })

  it('carries its signal', async () => {
    const request = new Request('http://127.0.0.1:9', { signal: AbortSignal.abort() })
    expect((await failureOf(openFetch()(request))).name).toBe('AbortError')
  })
})

describe('retries', () => {
  it.each([
    ['GET', {}, 200],
    ['PUT', { body: 'x' }, 200],
    ['POST', { body: 'x' }, 503],
    ['PATCH', { body: 'x' }, 503],
    ['POST', { body: 'x', headers: { 'Idempotency-Key': 'k' } }, 200],
    ['PUT', { body: new Blob(['x']) }, 200],
    ['PUT', { body: new Uint8Array([1]) }, 200],
  ])('%s %o gets %i', async (method, init, status) => {
    await using server = await faultServer({ routes: { '*': flaky } })
    expect((await openFetch()(server.url, { method, ...init })).status).toBe(status)
  })

  it('a stream is sent once', async () => {
    await using server = await faultServer({ routes: { '*': flaky } })
    const body = new Blob(['x']).stream()
    const response = await openFetch()(server.url, { method: 'PUT', body, duplex: 'half' } as RequestInit)
    expect(response.status).toBe(503)
    expect(server.requests).toHaveLength(1)
  })
})

describe('wrong arguments', () => {
  it.each([
    ['no URL', 'orders', {}, 'url'],
    ['a URL of another kind', 'ftp://x', {}, 'url'],
    ['credentials in the URL', 'http://a:b@x', {}, 'url'],
    ['a method', 'http://x', { method: 'TRACE' }, 'method'],
    ['a method that is none', 'http://x', { method: 'A B' }, 'method'],
    ['a header', 'http://x', { headers: { 'x-a': 'a\nb' } }, 'headers'],
    [
      'a header of the transport',
      'http://x',
      { headers: { 'transfer-encoding': 'chunked' } },
      'headers.transfer-encoding',
    ],
    ['a body with GET', 'http://x', { body: 'x' }, 'body'],
    ['an object as body', 'http://x', { method: 'POST', body: { a: 1 } }, 'body'],
    ['a redirect', 'http://x', { redirect: 'never' }, 'redirect'],
    ['a signal', 'http://x', { signal: {} }, 'signal'],
    ['integrity', 'http://x', { integrity: 'sha256-x' }, 'integrity'],
    ['a dispatcher', 'http://x', { dispatcher: {} }, 'dispatcher'],
  ])('%s: INVALID_INPUT, and nothing is sent', async (_, url, init, path) => {
    expect(await failureOf(openFetch()(url, init as never))).toMatchObject({
      code: 'INVALID_INPUT',
      problems: [{ path }],
    })
  })
})

describe('baseUrl', () => {
  it.each([
    ['/orders?a=1', '/api/orders?a=1'],
    ['orders', '/api/orders'],
    ['?a=1', '/api?a=1'],
    ['//evil.example/x', '/api//evil.example/x'],
  ])('%s becomes %s', async (input, path) => {
    await using server = await faultServer({ routes: { '*': ok } })
    const response = await openFetch({ baseUrl: `${server.url}/api/` })(input)
    expect(response.url).toBe(`${server.url}${path}`)
  })
})

describe('redirects', () => {
  it('are followed, and told', async () => {
    await using server = await faultServer({ routes: { '/a': redirect({ to: '/b#end' }), '/b': ok } })
    const response = await openFetch()(`${server.url}/a`)
    expect(response).toMatchObject({ status: 200, redirected: true, url: `${server.url}/b` })
  })

  it.each([
    [301, 'POST', 'GET', ''],
    [302, 'POST', 'GET', ''],
    [302, 'PUT', 'PUT', 'x'],
    [303, 'PUT', 'GET', ''],
    [307, 'POST', 'POST', 'x'],
    [308, 'PUT', 'PUT', 'x'],
  ] as const)('%i turns %s into %s', async (status, method, then, body) => {
    await using server = await faultServer({
      routes: { '/a': redirect({ to: '/b', status }), '/b': ok },
      recordBodies: true,
    })
    await openFetch()(`${server.url}/a`, { method, body: 'x' })
    const [, second] = server.requests
    expect([second?.method, String(second?.body ?? '')]).toEqual([then, body])
    expect(second?.headers['content-type']).toBe(body === '' ? undefined : 'text/plain;charset=UTF-8')
  })

  it('leave nothing behind of a long answer that redirects', async () => {
    await using server = await faultServer({
      routes: {
        '/a': (_, response) => {
          response.writeHead(302, { location: '/b' }).write('x'.repeat(300_000))
          response.end('y')
        },
        '/b': ok,
      },
    })
    const call = openFetch()
    expect((await call(`${server.url}/a`)).status).toBe(200)
    expect(call.$stats().origins[0]?.inFlight).toBe(0)
  })

  it('keep credentials within the origin', async () => {
    await using other = await faultServer({ routes: { '*': ok } })
    await using server = await faultServer({
      routes: { '/away': redirect({ to: `${other.url}/x` }), '/near': redirect({ to: '/x' }), '/x': ok },
    })
    const headers = { authorization: 'Bearer x', cookie: 'a=1', 'x-own': '1' }
    const call = openFetch()
    await call(`${server.url}/away`, { headers })
    await call(`${server.url}/near`, { headers })
    expect(other.requests[0]?.headers).toMatchObject({ 'x-own': '1' })
    expect(other.requests[0]?.headers).not.toHaveProperty('authorization')
    expect(other.requests[0]?.headers).not.toHaveProperty('cookie')
    expect(server.requests.at(-1)?.headers).toMatchObject(headers)
    expect(call.$stats().origins.map(({ origin }) => origin)).toEqual([server.url, other.url])
  })

  it('that go round in circles end after 20', async () => {
    await using server = await faultServer({ routes: { '*': redirect() } })
    expect(await failureOf(openFetch()(server.url))).toMatchObject({ code: 'INVALID_RESPONSE', status: 302 })
    expect(server.requests).toHaveLength(21)
  })

  it.each([
    ['javascript:alert(1)', 'javascript:'],
    ['http://[', 'no URL'],
    ['http://user:secret@127.0.0.1:1/', 'user name'],
  ])('to %s are refused', async (to, message) => {
    await using server = await faultServer({ routes: { '*': redirect({ to }) } })
    const failure = await failureOf(openFetch()(server.url))
    expect(failure).toMatchObject({ code: 'INVALID_RESPONSE' })
    expect(failure.message).toContain(message)
  })

  it('are refused or left alone on request', async () => {
    await using server = await faultServer({ routes: { '*': redirect({ to: '/b' }) } })
    const call = openFetch()
    expect(await failureOf(call(server.url, { redirect: 'error' }))).toMatchObject({
      code: 'INVALID_RESPONSE',
    })
    const response = await call(server.url, { redirect: 'manual' })
    expect([response.status, response.headers.get('location')]).toEqual([302, '/b'])
  })

  it('cannot send a stream again', async () => {
    await using server = await faultServer({ routes: { '*': redirect({ to: '/b', status: 307 }) } })
    const init = { method: 'POST', body: new Blob(['x']).stream(), duplex: 'half' } as RequestInit
    expect(await failureOf(openFetch()(server.url, init))).toMatchObject({ code: 'INVALID_RESPONSE' })
  })
})
