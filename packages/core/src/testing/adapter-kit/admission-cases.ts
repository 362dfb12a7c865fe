import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { AdmissionOptions } from '../../service/admission/index.js'
import { currentContext } from '../../telemetry/context/index.js'
import type { ConformanceAdapter, ConformanceCase, ConformanceRoute } from './conformance-adapter.js'
import { onStage, type Stage, until } from './stage.js'

/** Answers when it is told to, and remembers in which order it was called. */
class Gate {
  readonly called: string[] = []
  #open: (() => void)[] = []

  readonly route: ConformanceRoute = {
    method: 'GET',
    path: '/gate/:name',
    handle: ({ params }) => {
      this.called.push(params.name ?? '')
      return new Promise((resolve) => this.#open.push(() => resolve({ name: params.name })))
    },
  }

  openNext(): void {
    this.#open.shift()?.()
  }

  openAll(): void {
    for (const open of this.#open.splice(0)) open()
  }
}

const ping: ConformanceRoute = { method: 'GET', path: '/ping', handle: () => ({}) }
const queued = 'http_requests_queued'
const refusals = (reason: string, priority = 'default') =>
  `http_requests_refused_total{reason="${reason}",priority="${priority}"}`

async function untilQueued({ samples }: Stage, count: number): Promise<void> {
  await until(`${count} requests wait`, async () => (await samples()).get(queued) === count)
}

/** A service that works on one request at once, held by the gate from the beginning. */
function withOnePermit(
  adapter: ConformanceAdapter,
  admission: AdmissionOptions,
  play: (stage: Stage, gate: Gate) => Promise<void>,
): Promise<void> {
  const gate = new Gate()
  const limited = {
    admission: { maxLimit: 1, maxQueueWaitMs: 60_000, shedOlderThanMs: 60_000, ...admission },
  }
  const playing = async (stage: Stage) => {
    const first = stage.get('/gate/first')
    await until('the first is let in', () => gate.called.length === 1)
    try {
      await play(stage, gate)
    } finally {
      const opening = setInterval(() => gate.openAll(), 5)
      await first.catch(() => {})
      clearInterval(opening)
    }
  }
  return onStage(adapter, [gate.route, ping], playing, limited)
}

export const admissionCases: readonly ConformanceCase[] = [
  {
    name: 'refuses with 503 and Retry-After what it has no room for, and never calls the handler for it',
    run: (adapter) =>
      withOnePermit(adapter, { maxQueue: 0 }, async (stage, gate) => {
        const response = await stage.get('/gate/second', { headers: { 'x-correlation-id': 'order-4711' } })
        assert.equal(response.status, 503)
        assert.match(response.headers.get('retry-after') ?? '', /^[123]$/)
        assert.equal(response.headers.get('x-should-retry'), null)
        assert.equal(response.headers.get('x-correlation-id'), 'order-4711')
        assert.match(response.headers.get('content-type') ?? '', /^application\/problem\+json/)
        const problem = (await response.json()) as Record<string, unknown>
        assert.deepEqual([problem.reason, problem.correlationId], ['queue full', 'order-4711'])
        assert.deepEqual(gate.called, ['first'])
        const [line] = await stage.requestLines(1)
        assert.deepEqual([line?.status, line?.refusal, line?.err], [503, 'queue full', undefined])
        assert.equal((await stage.samples()).get(refusals('queue full')), 1)
      }),
  },
  {
    name: 'says that a retry is pointless when the caller would not wait for it',
    run: (adapter) =>
      withOnePermit(adapter, { maxQueue: 0 }, async ({ get }) => {
        const response = await get('/ping', { headers: { 'x-request-timeout-ms': '900' } })
        assert.deepEqual([response.status, response.headers.get('x-should-retry')], [503, 'false'])
      }),
  },
  {
    name: 'refuses the body of a request unread, and goes on with the connection',
    run: (adapter) =>
      withOnePermit(adapter, { maxQueue: 0 }, async (stage) => {
        const socket = stage.connect()
        const chunks: string[] = []
        socket.setEncoding('utf8').on('data', (chunk: string) => chunks.push(chunk))
        const body = 'x'.repeat(100_000)
        socket.write(`POST /ping HTTP/1.1\r\nhost: a\r\ncontent-length: ${body.length}\r\n\r\n${body}`)
        await until('it is refused', () => chunks.join('').includes(' 503 '))
        socket.write('GET /livez HTTP/1.1\r\nhost: a\r\n\r\n')
        await until('the next is answered', () => chunks.join('').includes(' 200 '))
      }),
  },
  { name: 'lets the most important of those who wait in first', run: inOrderOfPriority },
  {
    name: 'turns out who is less important when the queue is full',
    run: (adapter) =>
      withOnePermit(adapter, { maxQueue: 1 }, async (stage, gate) => {
        const batch = stage.get('/gate/batch', { headers: { 'x-request-priority': 'batch' } })
        await untilQueued(stage, 1)
        const usual = stage.get('/gate/default', { headers: { 'x-request-priority': 'urgent' } })
        assert.equal((await batch).status, 503)
        gate.openNext()
        await until('the other is let in', () => gate.called.includes('default'))
        gate.openNext()
        assert.equal((await usual).status, 200)
        assert.equal((await stage.samples()).get(refusals('queue full', 'batch')), 1)
      }),
  },
  {
    name: 'never has a request wait longer than it may',
    run: (adapter) =>
      withOnePermit(adapter, { maxQueueWaitMs: 50, shedOlderThanMs: 50 }, async ({ get, samples }, gate) => {
        assert.equal((await get('/ping')).status, 503)
        assert.equal((await samples()).get(refusals('queue timeout')), 1)
        assert.deepEqual(gate.called, ['first'])
      }),
  },
  {
    name: 'answers 504 without the handler when the time of a request was up on arrival',
    run: (adapter) => {
      let calls = 0
      const counting: ConformanceRoute = {
        method: 'GET',
        path: '/counted',
        handle: () => ({ call: ++calls }),
      }
      return onStage(adapter, [counting], async ({ get, samples, requestLines }) => {
        const response = await get('/counted', { headers: { 'x-request-timeout-ms': '0' } })
        assert.deepEqual([response.status, response.headers.get('x-should-retry')], [504, 'false'])
        assert.equal(((await response.json()) as { code: string }).code, 'DEADLINE_EXCEEDED')
        assert.equal(calls, 0)
        assert.equal((await samples()).get(refusals('deadline')), 1)
        assert.equal((await requestLines(1))[0]?.refusal, 'deadline')
      })
    },
  },
  {
    name: 'answers 504 without the handler when the time of a request is up while it waits',
    run: (adapter) =>
      withOnePermit(adapter, {}, async (stage, gate) => {
        const response = await stage.get('/gate/late', { headers: { 'x-request-timeout-ms': '50' } })
        assert.equal(response.status, 504)
        assert.deepEqual(gate.called, ['first'])
        await untilQueued(stage, 0)
      }),
  },
  {
    name: 'takes who leaves out of the queue',
    run: (adapter) =>
      withOnePermit(adapter, {}, async (stage, gate) => {
        const socket = stage.connect()
        socket.write('GET /gate/left HTTP/1.1\r\nhost: a\r\n\r\n')
        await untilQueued(stage, 1)
        socket.destroy()
        await untilQueued(stage, 0)
        const [line] = await stage.requestLines(1)
        assert.deepEqual([line?.status, line?.aborted, gate.called], [499, true, ['first']])
      }),
  },
  {
    name: 'gets every permit back: of answers, failures, callers who leave and half answers',
    run: getsPermitsBack,
  },
  {
    name: 'runs a handler that had to wait in the context of its own request',
    run: (adapter) => {
      const gate = new Gate()
      const context: ConformanceRoute = {
        method: 'GET',
        path: '/context',
        handle: () => ({ id: currentContext()?.correlationId, priority: currentContext()?.priority }),
      }
      const play = async (stage: Stage) => {
        const first = stage.get('/gate/first')
        await until('the first is let in', () => gate.called.length === 1)
        const headers = { 'x-correlation-id': 'order-4711', 'x-request-priority': 'batch' }
        const waiting = stage.get('/context', { headers })
        await untilQueued(stage, 1)
        gate.openNext()
        assert.deepEqual(await (await waiting).json(), { id: 'order-4711', priority: 'batch' })
        await first
      }
      return onStage(adapter, [gate.route, context], play, {
        admission: { maxLimit: 1, maxQueueWaitMs: 60_000, shedOlderThanMs: 60_000 },
      })
    },
  },
  {
    name: 'answers probes and metrics however full it is',
    run: (adapter) =>
      withOnePermit(adapter, { maxQueue: 0 }, async ({ get }) => {
        for (const path of ['/livez', '/readyz', '/startupz', '/health', '/metrics']) {
          assert.equal((await get(path)).status, 200, path)
        }
      }),
  },
  { name: 'keeps no permit for an event stream that has begun', run: keepsNoneForStreams },
  {
    name: 'lets everything in where admission is off',
    run: (adapter) =>
      onStage(
        adapter,
        [ping],
        async ({ get, samples }) => {
          assert.equal((await get('/ping')).status, 200)
          assert.equal((await samples()).has('http_requests_limit'), false)
        },
        { admission: false },
      ),
  },
]

async function inOrderOfPriority(adapter: ConformanceAdapter): Promise<void> {
  await withOnePermit(adapter, { maxLimit: 10 }, async (stage, gate) => {
    const others = Array.from({ length: 10 }, (_, index) =>
      stage.get(`/gate/other-${index}`, { headers: { 'x-request-priority': 'critical' } }),
    )
    await until('all permits are taken', () => gate.called.length === 11)
    const answers = []
    for (const [index, priority] of ['batch', 'default', 'critical'].entries()) {
      answers.push(stage.get(`/gate/${priority}`, { headers: { 'x-request-priority': priority } }))
      await untilQueued(stage, index + 1)
    }
    while (gate.called.length < 14) {
      gate.openNext()
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    assert.deepEqual(gate.called.slice(11), ['critical', 'default', 'batch'])
    gate.openAll()
    for (const answer of await Promise.all([...answers, ...others])) assert.equal(answer.status, 200)
  })
}

/** Begins an answer and never ends it. */
function unfinished(path: string, headers: Record<string, string>): ConformanceRoute {
  return {
    method: 'GET',
    path,
    handle({ response }) {
      response.writeHead(200, headers)
      response.write('data: 1\n\n')
      return undefined
    },
  }
}

async function getsPermitsBack(adapter: ConformanceAdapter): Promise<void> {
  const failing: ConformanceRoute = {
    method: 'GET',
    path: '/fails',
    handle: () => Promise.reject(new Error('broken')),
  }
  const hanging: ConformanceRoute = { method: 'GET', path: '/hangs', handle: () => new Promise(() => {}) }
  const half = unfinished('/half', { 'content-length': '100' })
  const play = async (stage: Stage) => {
    for (let round = 0; round < 3; round++) {
      assert.equal((await stage.get('/ping')).status, 200)
      assert.equal((await stage.get('/fails')).status, 500)
      assert.equal((await stage.get('/nowhere')).status, 404)
      const socket = stage.connect()
      socket.write('GET /half HTTP/1.1\r\nhost: a\r\n\r\n')
      await once(socket, 'data')
      socket.destroy()
      const leaver = stage.connect()
      leaver.write('GET /hangs HTTP/1.1\r\nhost: a\r\n\r\n')
      await until('it hangs', async () => (await stage.samples()).get('http_requests_in_flight') === 1)
      leaver.destroy()
      await stage.requestLines(5 * (round + 1))
    }
  }
  await onStage(adapter, [ping, failing, hanging, half], play, {
    admission: { maxLimit: 1, maxQueueWaitMs: 60_000, shedOlderThanMs: 60_000 },
  })
}

/** What callers of event streams say that they take: browsers the first, MCP clients the second. */
const eventStreams = ['text/event-stream', 'application/json, text/event-stream', 'Text/Event-Stream;q=0.9']

async function keepsNoneForStreams(adapter: ConformanceAdapter): Promise<void> {
  const stream = unfinished('/events', { 'content-type': 'text/event-stream' })
  const play = async (stage: Stage) => {
    for (const accept of eventStreams) {
      const socket = stage.connect()
      socket.write(`GET /events HTTP/1.1\r\nhost: a\r\naccept: ${accept}\r\n\r\n`)
      await once(socket, 'data')
    }
    assert.equal((await stage.get('/ping')).status, 200)
  }
  await onStage(adapter, [stream, ping], play, { admission: { maxLimit: 1, maxQueue: 0 } })
}
