import assert from 'node:assert/strict'
import { AsyncResource } from 'node:async_hooks'
import { EventEmitter, once } from 'node:events'
import { Agent, createServer, get as httpGet } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { currentContext } from '../../telemetry/context/index.js'
import type { ConformanceAdapter, ConformanceCase, ConformanceRoute } from './conformance-adapter.js'
import { onStage } from './stage.js'

const idNow = (): string | undefined => currentContext()?.correlationId
const unique = (ids: readonly unknown[]) => [...new Set(ids)]

/** Reads its body piece by piece, through a stream that takes its time. */
const piped: ConformanceRoute = {
  method: 'POST',
  path: '/piped',
  async handle({ request }) {
    const seen: (string | undefined)[] = []
    const see = (): void => void seen.push(idNow())
    request.on('data', see).on('end', see)
    const slow = new Transform({
      transform(chunk, _encoding, done) {
        see()
        setImmediate(() => done(null, chunk))
      },
    })
    slow.on('data', see)
    await pipeline(request, slow)
    see()
    return unique(seen)
  },
}

/** What lives longer than a request: it was there before, and speaks when another one is at work. */
const outside = new EventEmitter()
const announced: ConformanceRoute = {
  method: 'GET',
  path: '/announced',
  handle: () =>
    new Promise((resolve) => {
      outside.once(
        'news',
        AsyncResource.bind(() => resolve(idNow())),
      )
    }),
}
const announce: ConformanceRoute = {
  method: 'GET',
  path: '/announce',
  handle: () => outside.emit('news'),
}

export const leakCases: readonly ConformanceCase[] = [
  { name: 'keeps each of the requests of one connection apart, in streams and pipelines', run: pipes },
  { name: 'keeps the context of a bound listener, whichever request emits the event', run: emits },
  {
    name: 'shows the requests after the first nothing of it in a pool of connections that it made',
    run: pools,
  },
]

function pipes(adapter: ConformanceAdapter): Promise<void> {
  return onStage(adapter, [piped], async ({ connect }) => {
    const socket = connect()
    await once(socket, 'connect')
    const body = 'x'.repeat(300_000)
    for (const id of ['piped-1111', 'piped-2222', 'piped-3333']) {
      const type = 'content-type: application/octet-stream'
      const head = `POST /piped HTTP/1.1\r\nhost: a\r\nx-correlation-id: ${id}\r\n${type}\r\n`
      socket.write(`${head}content-length: ${body.length}\r\n\r\n${body}`)
      assert.equal(await untilReceived(socket, ']'), `["${id}"]`)
    }
  })
}

/** The body of the next answer, which ends with `end`. */
async function untilReceived(socket: Socket, end: string): Promise<string> {
  let text = ''
  while (!text.endsWith(end)) {
    const [chunk] = (await once(socket, 'data')) as [Buffer]
    text += chunk
  }
  return text.slice(text.indexOf('\r\n\r\n') + 4)
}

function emits(adapter: ConformanceAdapter): Promise<void> {
  return onStage(adapter, [announced, announce], async ({ get }) => {
    const arrived = once(outside, 'newListener')
    const answer = get('/announced', { headers: { 'x-correlation-id': 'listener-4711' } })
    await arrived
    await new Promise(setImmediate)
    await get('/announce', { headers: { 'x-correlation-id': 'speaker-4711' } })
    assert.equal(await (await answer).json(), 'listener-4711')
  })
}

async function pools(adapter: ConformanceAdapter): Promise<void> {
  const server = createServer((_, response) => response.end('ok')).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  let agent: Agent | undefined
  const route: ConformanceRoute = {
    method: 'GET',
    path: '/pooled',
    handle() {
      agent ??= new Agent({ keepAlive: true, maxSockets: 1 })
      return throughPool(agent, port)
    },
  }
  try {
    await onStage(adapter, [route], async ({ get }) => {
      const ids = Array.from({ length: 10 }, (_, index) => `pooled-${index}-id`)
      const ask = async (id: string) => (await get('/pooled', { headers: { 'x-correlation-id': id } })).json()
      assert.deepEqual(await ask('pooled-first'), ['pooled-first'])
      assert.deepEqual(
        await Promise.all(ids.map(ask)),
        ids.map((id) => [id]),
      )
    })
  } finally {
    agent?.destroy()
    server.close()
  }
}

function throughPool(agent: Agent, port: number): Promise<readonly unknown[]> {
  return new Promise((resolve, reject) => {
    httpGet({ agent, port, host: '127.0.0.1' }, (response) => {
      const seen = [idNow()]
      response.on('data', () => seen.push(idNow()))
      response.on('end', () => resolve(unique([...seen, idNow()])))
    }).on('error', reject)
  })
}
