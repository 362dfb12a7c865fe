import { once } from 'node:events'
import { Agent, createServer, type RequestListener, request, type Server } from 'node:http'
import http2 from 'node:http2'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { ServerDrain } from './server-drain.js'

const opened: { close(): void }[] = []
afterEach(() => {
  for (const one of opened.splice(0)) one.close()
})

async function serve(
  listener: RequestListener,
): Promise<{ server: Server; drain: ServerDrain; port: number }> {
  const server = createServer(listener)
  const drain = new ServerDrain(server)
  server.listen(0)
  await once(server, 'listening')
  opened.push({ close: () => drain.destroy() })
  return { server, drain, port: (server.address() as AddressInfo).port }
}

/** A keep-alive connection, and what it has received. */
async function connection(
  port: number,
): Promise<{ socket: Socket; text: () => string; ended: Promise<unknown> }> {
  const socket = connect(port, '127.0.0.1')
  let received = ''
  socket.setEncoding('latin1').on('data', (chunk) => (received += chunk))
  socket.on('error', () => {})
  const ended = new Promise((resolve) => socket.once('close', resolve))
  await once(socket, 'connect')
  opened.push({ close: () => socket.destroy() })
  return { socket, text: () => received, ended }
}

const get = 'GET / HTTP/1.1\r\nhost: x\r\n\r\n'

describe('ServerDrain', () => {
  it('counts requests and connections', async () => {
    const { drain, port } = await serve((_, response) => setTimeout(() => response.end('ok'), 30))
    const { socket } = await connection(port)
    socket.write(get)
    await sleep(15)
    expect([drain.inFlight, drain.connections]).toEqual([1, 1])
    socket.destroy()
    await sleep(15)
    expect([drain.inFlight, drain.connections]).toEqual([0, 0])
  })

  it('answers all that is pipelined, and closes with the last of it', async () => {
    const { drain, port } = await serve((_, response) => setTimeout(() => response.end('ok'), 300))
    const { socket, text, ended } = await connection(port)
    socket.write(get + get)
    await expect.poll(() => drain.inFlight, { interval: 5 }).toBe(2)
    drain.drain()
    socket.write(get)
    await ended
    expect(text().match(/200 OK/g)).toHaveLength(3)
    expect(text().match(/connection: \S+/gi)).toEqual([
      'Connection: keep-alive',
      'Connection: keep-alive',
      'Connection: close',
    ])
  })

  it('counts no pipelined request any more whose connection is gone', async () => {
    const { drain, port } = await serve(() => {})
    const { socket } = await connection(port)
    socket.write(get + get)
    await expect.poll(() => drain.inFlight, { interval: 5 }).toBe(2)
    socket.destroy()
    await expect.poll(() => drain.inFlight, { interval: 5 }).toBe(0)
  })

  it('tells connections to close with what is in flight and with what comes', async () => {
    const { drain, port } = await serve((_, response) => setTimeout(() => response.end('ok'), 30))
    const before = await connection(port)
    before.socket.write(get)
    await sleep(10)
    drain.drain()
    const after = await connection(port)
    after.socket.write(get)
    await Promise.all([before.ended, after.ended])
    for (const { text } of [before, after]) {
      expect(text()).toMatch(/^HTTP\/1.1 200 OK\r\n[\s\S]*connection: close[\s\S]*ok/i)
    }
  })

  it('answers a request that is on its way when the server closes', async () => {
    const { drain, port } = await serve((_, response) => response.end('ok'))
    const { socket, text, ended } = await connection(port)
    socket.write(get)
    await sleep(20)
    const closed = drain.close()
    // An idle connection of this server's own close() would be gone by now.
    await sleep(50)
    socket.write(get)
    await Promise.all([ended, closed])
    expect(text().match(/200 OK/g)).toHaveLength(2)
    await expect(connection(port)).rejects.toThrow('ECONNREFUSED')
  })

  it('waits for a request whose headers have begun to arrive', async () => {
    const { drain, port } = await serve((_, response) => response.end('ok'))
    const { socket, text, ended } = await connection(port)
    socket.write(get.slice(0, 8))
    await sleep(10)
    const closed = drain.close()
    await sleep(400)
    socket.write(get.slice(8))
    await Promise.all([closed, ended])
    expect(text()).toContain('200 OK')
  })

  it.each<[string, string]>([
    ['that never sent anything', ''],
    ['that never finishes its request', 'GET / HT'],
    ['that has been answered', get],
  ])('closes a connection %s', async (_, text) => {
    const { drain, port } = await serve((_, response) => response.end('ok'))
    const { socket, ended } = await connection(port)
    socket.write(text)
    await sleep(20)
    await drain.close()
    await ended
    expect(drain.connections).toBe(0)
  })

  it('closes an upgraded connection', async () => {
    const { drain, port, server } = await serve(() => {})
    server.on('upgrade', (_, socket) => socket.write('HTTP/1.1 101 Switching Protocols\r\n\r\n'))
    const { socket, ended } = await connection(port)
    socket.write('GET / HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n')
    await sleep(20)
    await drain.close()
    await ended
  })

  it.each([0, 100])(
    'loses no request of clients that go on, %i ms after it began to drain',
    async (drainMs) => {
      const { drain, port } = await serve((_, response) => setTimeout(() => response.end('ok'), 2))
      const agent = new Agent({ keepAlive: true, maxSockets: 20 })
      const results = { ok: 0, refused: 0, lost: 0 }
      const one = () =>
        new Promise<boolean>((resolve) => {
          const sent = request({ port, host: '127.0.0.1', agent }, (response) => {
            results.ok++
            response.resume().once('end', () => resolve(true))
          })
          sent.once('error', (error: NodeJS.ErrnoException) => {
            if (error.code === 'ECONNREFUSED') results.refused++
            else results.lost++
            resolve(false)
          })
          sent.end()
        })
      const clients = Array.from({ length: 20 }, async () => {
        while (await one());
      })
      await vi.waitUntil(() => results.ok >= 20)
      if (drainMs > 0) {
        drain.drain()
        await sleep(drainMs)
      }
      await drain.close()
      await Promise.all(clients)
      agent.destroy()
      expect(results).toEqual({ ok: expect.any(Number), refused: 20, lost: 0 })
    },
  )

  it('lets HTTP/2 streams end, and then their sessions', async () => {
    const server = http2.createServer((_, response) => setTimeout(() => response.end('whole'), 300))
    const drain = new ServerDrain(server as unknown as Server)
    server.listen(0)
    await once(server, 'listening')
    opened.push({ close: () => drain.destroy() })
    const session = http2.connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    session.on('error', () => {})
    opened.push({ close: () => session.destroy() })
    const stream = session.request({ ':path': '/' }).setEncoding('utf8')
    let body = ''
    stream.on('data', (chunk) => (body += chunk))
    await once(server, 'stream')
    expect([drain.inFlight, drain.connections]).toEqual([1, 1])
    await Promise.all([drain.close(), once(stream, 'end'), once(session, 'close')])
    expect(body).toBe('whole')
    expect([drain.inFlight, drain.connections]).toEqual([0, 0])
  })
})
