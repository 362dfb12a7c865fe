import { once } from 'node:events'
import { type IncomingMessage, ServerResponse } from 'node:http'
import { connect, type Socket } from 'node:net'
import { createLogger, createService, type Service } from '@holdfast/core'
import Fastify, { type FastifyInstance } from 'fastify'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { holdfast } from './index.js'

let service: Service
let lines: Record<string, unknown>[]
let app: FastifyInstance

beforeEach(async () => {
  lines = []
  const destination = { write: (line: string) => lines.push(JSON.parse(line)) }
  const logger = createLogger({ name: 'fastify', destination, pretty: false })
  service = createService({
    ...{ name: 'fastify', signals: false, logger },
    admission: { maxLimit: 1, maxQueue: 0 },
  })
  app = Fastify()
  await app.register(holdfast, { service })
})

afterEach(() => service.shutdown())

const requestLine = (path: string) => lines.find((line) => line.msg === 'request' && line.path === path)

/** What @fastify/websocket does: has Fastify route the upgrade, and the handler write to the socket. */
function withWebSockets(): void {
  app.server.on('upgrade', (request: IncomingMessage, socket: Socket) => {
    const response = new ServerResponse(request)
    response.assignSocket(socket)
    app.routing(request, response)
  })
  app.get('/ws', (request, reply) => {
    reply.hijack()
    const { socket } = request.raw
    socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n')
    socket.on('data', () => socket.end())
  })
}

describe('a reply that is hijacked', () => {
  it('carries the correlation id', async () => {
    app.get('/events', (_request, reply) => {
      reply.hijack()
      reply.raw.writeHead(200, { 'content-type': 'text/event-stream' }).end('data: 1\n\n')
    })
    const { url } = await service.listen(app, { port: 0 })
    const response = await fetch(`${url}/events`, { headers: { 'x-correlation-id': 'events-4711' } })
    expect(response.headers.get('x-correlation-id')).toBe('events-4711')
  })

  it('holds no permit as a WebSocket, and is no caller who left when it ends', async () => {
    withWebSockets()
    app.get('/x', async () => ({}))
    const { port, url } = await service.listen(app, { port: 0 })
    const socket = connect(port, '127.0.0.1')
    socket.write('GET /ws HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n')
    await once(socket, 'data')
    expect((await fetch(`${url}/x`)).status).toBe(200)
    socket.write('bye')
    await once(socket, 'end')
    socket.end()
    await expect.poll(() => requestLine('/ws')).toMatchObject({ status: 101, route: '/ws' })
    expect(requestLine('/ws')).not.toHaveProperty('aborted')
  })

  it('belongs to its own service where there are several', async () => {
    app.get('/events', (_request, reply) => {
      reply.hijack()
      reply.raw.writeHead(200).write('data: 1\n\n')
    })
    const other = createService({ name: 'other', signals: false, logLevel: 'silent' })
    const first = Fastify()
    await first.register(holdfast, { service: other })
    first.get('/', (_request, reply) => void reply.hijack().raw.end())
    await first.inject('/')
    const { url } = await service.listen(app, { port: 0 })
    const readers = [new AbortController(), new AbortController()]
    for (const { signal } of readers) expect((await fetch(`${url}/events`, { signal })).status).toBe(200)
    for (const reader of readers) reader.abort()
    await other.shutdown()
  })
})
