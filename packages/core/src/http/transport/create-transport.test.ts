import { rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client, MockAgent, type MockPool } from 'undici'
import { expect, onTestFinished, test, vi } from 'vitest'
import {
  answerWith,
  failureOf,
  fetchFrom,
  listen,
  openTransport,
  rawServer,
} from '../../../test/fixtures/servers.js'
import { createTransport } from './create-transport.js'

test('keeps a pool for each origin, and closes idle ones beyond a hundred', async () => {
  const server = await rawServer((socket) => socket.write(answerWith('ok')))
  const transport = openTransport()
  await fetchFrom(transport, server.origin)
  for (let port = 1; port <= 150; port += 1) transport.dispatcherFor(`http://127.0.0.1:${port}`)
  expect(Object.keys(transport.stats())).toHaveLength(100)
  expect(transport.stats()).not.toHaveProperty([server.origin])
  await vi.waitFor(() => expect(server.busySockets()).toBe(0))
  expect((await fetchFrom(transport, server.origin)).status).toBe(200)
})

test('never closes a pool that is in use', async () => {
  let answer: () => void = () => undefined
  const server = await rawServer((socket) => {
    answer = () => socket.write(answerWith('ok'))
  })
  const transport = openTransport()
  const call = fetchFrom(transport, server.origin)
  await vi.waitFor(() => expect(server.requests).toHaveLength(1))
  for (let port = 1; port <= 150; port += 1) transport.dispatcherFor(`http://127.0.0.1:${port}`)
  expect(transport.stats()).toHaveProperty([server.origin])
  answer()
  expect((await call).status).toBe(200)
})

test('close() lets requests in flight finish and refuses new ones', async () => {
  const server = await rawServer((socket) => setTimeout(() => socket.write(answerWith('ok')), 40))
  const transport = openTransport()
  const call = fetchFrom(transport, server.origin)
  const closed = transport.close()
  expect(() => transport.dispatcherFor(server.origin)).toThrow(expect.objectContaining({ code: 'CLOSED' }))
  expect((await call).status).toBe(200)
  await closed
  await transport.close()
  await vi.waitFor(() => expect(server.busySockets()).toBe(0))
})

test('destroy() breaks off requests with CLOSED', async () => {
  const server = await rawServer(() => undefined)
  const transport = openTransport({ connections: 1 })
  const failures = [
    failureOf(fetchFrom(transport, server.origin)),
    failureOf(fetchFrom(transport, server.origin)),
  ]
  await vi.waitFor(() => expect(server.requests).toHaveLength(1))
  await transport.destroy()
  expect(await Promise.all(failures)).toMatchObject([{ code: 'CLOSED' }, { code: 'CLOSED' }])
})

test('refuses an origin that is none', () => {
  const transport = openTransport()
  for (const origin of ['orders', 'ftp://orders', 'http://orders/path']) {
    expect(() => transport.dispatcherFor(origin)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }))
  }
})

test('uses a MockAgent, and does not close it', async () => {
  const agent = new MockAgent()
  onTestFinished(() => agent.close())
  agent.disableNetConnect()
  const mock = agent.get('http://orders')
  mock.intercept({ path: '/1' }).reply(200, { id: 1 }, { headers: { 'content-type': 'application/json' } })
  mock.intercept({ path: '/2' }).replyWithError(Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }))
  const transport = createTransport({ connections: 1, dispatcher: agent })
  expect(String((await fetchFrom(transport, 'http://orders', { path: '/1' })).body)).toBe('{"id":1}')
  expect(await failureOf(fetchFrom(transport, 'http://orders', { path: '/2' }))).toMatchObject({
    code: 'CONNECT_FAILED',
  })
  const unexpected = await failureOf(fetchFrom(transport, 'http://orders', { path: '/3' }))
  expect(unexpected).toMatchObject({ code: 'INVALID_INPUT' })
  expect(unexpected.message).toContain('/3')
  await transport.close()
  await transport.destroy()
  expect(() => transport.dispatcherFor('http://orders')).toThrow(expect.objectContaining({ code: 'CLOSED' }))
  expect((mock as unknown as MockPool).closed).toBe(false)
})

test('uses a client on a unix socket', async () => {
  const socketPath = join(tmpdir(), `holdfast-${process.pid}.sock`)
  const server = createServer((_, response) => response.end('over a unix socket'))
  await new Promise<void>((resolve) => server.listen(socketPath, resolve))
  const dispatcher = new Client('http://orders', { socketPath })
  onTestFinished(async () => {
    await dispatcher.close()
    server.close()
    rmSync(socketPath, { force: true })
  })
  const transport = createTransport({ connections: 1, dispatcher })
  expect(String((await fetchFrom(transport, 'http://orders')).body)).toBe('over a unix socket')
})

async function connectProxy(
  status = 200,
): Promise<{ uri: string; seen: { url?: string; token?: string }[] }> {
  const seen: { url?: string; token?: string }[] = []
  const open = new Set<Socket>()
  const proxy = createServer()
  proxy.on('connect', (request, client: Socket) => {
    seen.push({ url: request.url ?? '', token: request.headers['proxy-authorization'] ?? '' })
    open.add(client.on('error', () => undefined))
    if (status !== 200) {
      client.end(`HTTP/1.1 ${status} No\r\n\r\n`)
      return
    }
    const [host = '', port] = (request.url ?? '').split(':')
    const upstream = connect(Number(port), host, () => {
      client.write('HTTP/1.1 200 OK\r\n\r\n')
      upstream.pipe(client).pipe(upstream)
    })
    open.add(upstream.on('error', () => undefined))
  })
  const uri = `http://127.0.0.1:${await listen(proxy)}`
  onTestFinished(() => {
    for (const socket of open) socket.destroy()
    proxy.close()
  })
  return { uri, seen }
}

test('tunnels through a proxy', async () => {
  const server = await rawServer((socket) => socket.write(answerWith('ok')))
  const { uri, seen } = await connectProxy()
  const headers = { 'x-a': '1' }
  const transport = createTransport({ connections: 2, proxy: { uri, token: 'Bearer secret' } })
  onTestFinished(() => transport.destroy())
  expect((await fetchFrom(transport, server.origin, { headers })).status).toBe(200)
  expect(seen).toEqual([{ url: `127.0.0.1:${server.port}`, token: 'Bearer secret' }])
  // undici's proxy agent writes a host header into what it is given: a retry elsewhere must not carry it on.
  expect(headers).toEqual({ 'x-a': '1' })
})

test('takes the proxy from the environment, and its exceptions', async () => {
  const server = await rawServer((socket) => socket.write(answerWith('ok')))
  const { uri, seen } = await connectProxy()
  vi.stubEnv('http_proxy', uri)
  vi.stubEnv('no_proxy', '')
  onTestFinished(() => void vi.unstubAllEnvs())
  const transport = createTransport({ connections: 2, proxy: true })
  onTestFinished(() => transport.destroy())
  await fetchFrom(transport, server.origin)
  expect(seen).toHaveLength(1)
  vi.stubEnv('no_proxy', '127.0.0.1')
  await fetchFrom(transport, server.origin)
  expect(seen).toHaveLength(1)
})

test('a proxy that refuses is CONNECT_FAILED, one that is no URL CONFIG_INVALID', async () => {
  const { uri } = await connectProxy(502)
  const transport = createTransport({ connections: 2, proxy: uri })
  onTestFinished(() => transport.destroy())
  expect(await failureOf(fetchFrom(transport, 'http://127.0.0.1:1'))).toMatchObject({
    code: 'CONNECT_FAILED',
  })
  expect(() => createTransport({ connections: 1, proxy: 'no url' })).toThrow(
    expect.objectContaining({ code: 'CONFIG_INVALID' }),
  )
})
