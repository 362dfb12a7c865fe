import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import { readFile } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { createClient } from '../../client/index.js'
import { defineContract } from '../../contract/index.js'
import { currentContext, detached } from '../../telemetry/context/index.js'
import type { ConformanceCase, ConformanceRoute } from './conformance-adapter.js'
import { onStage, until } from './stage.js'

const idNow = (): string | undefined => currentContext()?.correlationId
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** The correlation id as seen from wherever code may run. */
const survey: ConformanceRoute = {
  method: 'POST',
  path: '/survey',
  async handle({ body, response }) {
    const seen = {
      sync: idNow(),
      microtask: await Promise.resolve().then(idNow),
      timer: await new Promise((resolve) => setTimeout(() => resolve(idNow()), 1)),
      immediate: await new Promise((resolve) => setImmediate(() => resolve(idNow()))),
      callback: await new Promise((resolve) => readFile('/dev/null', () => resolve(idNow()))),
      emitter: await emitted(),
      body,
    }
    response.once('finish', () => finished.push(idNow()))
    return seen
  },
}
const finished: (string | undefined)[] = []

function emitted(): Promise<string | undefined> {
  const emitter = new EventEmitter()
  const seen = once(emitter, 'event').then(idNow)
  emitter.emit('event')
  return seen
}

/** Reads its body by itself: the listeners of a request are called from the connection. */
const stream: ConformanceRoute = {
  method: 'POST',
  path: '/stream',
  handle: ({ request, body }) =>
    body !== undefined
      ? idNow()
      : new Promise((resolve) => {
          request.resume().on('end', () => resolve(idNow()))
        }),
}

const post = (id: string, body: string, type: string): RequestInit => ({
  method: 'POST',
  headers: { 'x-correlation-id': id, 'content-type': type },
  body,
})

export const contextCases: readonly ConformanceCase[] = [
  {
    name: 'keeps the context in promises, timers, callbacks, emitters, after a body was read and once it is answered',
    run: (adapter) =>
      onStage(adapter, [survey], async ({ get }) => {
        finished.length = 0
        const answer = await get('/survey', post('survey-4711', '{"a":1}', 'application/json'))
        const { body, ...seen } = (await answer.json()) as Record<string, unknown>
        assert.deepEqual(body, { a: 1 })
        assert.deepEqual([...new Set(Object.values(seen))], ['survey-4711'])
        await until('the answer is finished', () => finished.length === 1)
        assert.deepEqual(finished, ['survey-4711'])
      }),
  },
  {
    name: 'keeps the context in listeners of the request, on a connection that was used before',
    run: (adapter) =>
      onStage(adapter, [stream], async ({ get }) => {
        for (const id of ['stream-1111', 'stream-2222', 'stream-3333']) {
          const answer = await get('/stream', post(id, 'x'.repeat(200_000), 'application/octet-stream'))
          assert.equal(await answer.json(), id)
        }
      }),
  },
  {
    name: 'never mixes up requests that run at the same time',
    run: (adapter) =>
      onStage(adapter, [survey], async ({ get }) => {
        const ids = Array.from({ length: 60 }, (_, index) => `parallel-${index}-id`)
        const seen = await Promise.all(
          ids.map(async (id) => {
            const answer = await get('/survey', post(id, '{}', 'application/json'))
            return ((await answer.json()) as { timer: string }).timer
          }),
        )
        assert.deepEqual(seen, ids)
      }),
  },
  { name: 'inherits the deadline until the answer, and not in detached work', run: inheritsDeadline },
  {
    name: 'carries the request into client calls, also those of a client made in an earlier one',
    run: carries,
  },
  { name: 'ends client calls with the request that they are made for', run: endsCalls },
]

function inheritsDeadline(adapter: Parameters<ConformanceCase['run']>[0]): Promise<void> {
  const left: Record<string, number | undefined> = {}
  const route: ConformanceRoute = {
    method: 'GET',
    path: '/deadline',
    handle() {
      left.before = currentContext()?.remainingMs()
      left.detached = detached(() => currentContext()?.remainingMs())
      void sleep(40).then(() => {
        left.after = currentContext()?.remainingMs()
      })
      return {}
    },
  }
  return onStage(adapter, [route], async ({ get }) => {
    await (await get('/deadline', { headers: { 'x-request-timeout-ms': '5000' } })).text()
    await until('the work goes on after the answer', () => left.after !== undefined)
    assert.ok((left.before ?? 0) > 4_000 && (left.before ?? 0) <= 5_000, `${left.before} ms were left`)
    assert.deepEqual([left.detached, left.after], [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY])
  })
}

const downstream = defineContract('downstream', {
  ask: { method: 'GET', path: '/ask', response: 'text' },
})

async function carries(adapter: Parameters<ConformanceCase['run']>[0]): Promise<void> {
  const server = createServer((request, response) => {
    response.setHeader('content-type', 'text/plain')
    const { 'x-correlation-id': id, 'x-request-timeout-ms': timeout, traceparent } = request.headers
    response.end([id, Number(timeout) > 0, traceparent].join(' '))
  })
  const baseUrl = await listen(server)
  let client: ReturnType<typeof make> | undefined
  const make = () => createClient(downstream, { baseUrl })
  const route: ConformanceRoute = {
    method: 'GET',
    path: '/ask',
    handle() {
      client ??= make()
      return client.ask(undefined)
    },
  }
  try {
    await onStage(adapter, [route], async ({ get }) => {
      const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
      for (const id of ['carried-1111', 'carried-2222']) {
        const headers = { 'x-correlation-id': id, 'x-request-timeout-ms': '5000', traceparent }
        assert.equal(await (await get('/ask', { headers })).json(), `${id} true ${traceparent}`)
      }
    })
  } finally {
    await client?.$close()
    server.close()
  }
}

async function endsCalls(adapter: Parameters<ConformanceCase['run']>[0]): Promise<void> {
  let arrived = 0
  const server = createServer(() => arrived++)
  const baseUrl = await listen(server)
  const outcomes: unknown[] = []
  const client = createClient(downstream, { baseUrl, retry: false })
  const route: ConformanceRoute = {
    method: 'GET',
    path: '/ask',
    async handle() {
      const result = await client.ask.safe(undefined)
      outcomes.push(result.ok ? 'ok' : result.error.code)
      if (!result.ok) throw result.error
      return {}
    },
  }
  try {
    await onStage(adapter, [route], async ({ get }) => {
      const late = await get('/ask', { headers: { 'x-request-timeout-ms': '60' } })
      assert.equal(late.status, 504)
      const caller = new AbortController()
      const gone = get('/ask', { signal: caller.signal }).then(text as never, () => 'gone')
      await until('the call has arrived', () => arrived === 2)
      caller.abort()
      assert.equal(await gone, 'gone')
      await until('the call has ended', () => outcomes.length === 2)
      assert.deepEqual(outcomes, ['DEADLINE_EXCEEDED', 'ABORTED'])
    })
  } finally {
    await client.$close()
    server.closeAllConnections()
    server.close()
  }
}

async function listen(server: ReturnType<typeof createServer>): Promise<string> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
