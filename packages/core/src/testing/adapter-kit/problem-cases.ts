import assert from 'node:assert/strict'
import {
  CircuitOpenError,
  ConcurrencyLimitError,
  ConnectFailedError,
  DeadlineExceededError,
  HttpError,
  InvalidInputError,
} from '../../foundation/errors/index.js'
import { invalidRequest, ProblemError } from '../../service/problems/index.js'
import type { ConformanceCase, ConformanceRoute } from './conformance-adapter.js'
import { counted, onStage, received } from './stage.js'

const dependencyAnswered = (status: number, retryAfterMs?: number): HttpError =>
  new HttpError(`secret-host answered ${status}`, {
    status,
    headers: {},
    body: 'secret body',
    declared: false,
    retryAfterMs,
  })

/** What a handler throws, and the status, code and `retry-after` of the answer. */
const thrown: Readonly<Record<string, readonly [unknown, number, string | undefined, string | null]>> = {
  unknown: [new TypeError('secret'), 500, undefined, null],
  text: ['secret', 500, undefined, null],
  'own-fault': [new InvalidInputError('secret', []), 500, undefined, null],
  'dependency-500': [dependencyAnswered(500), 502, 'HTTP_STATUS', null],
  'dependency-404': [dependencyAnswered(404), 502, 'HTTP_STATUS', null],
  'dependency-503': [dependencyAnswered(503, 2_500), 503, 'HTTP_STATUS', '3'],
  refused: [new ConnectFailedError('secret-host refused', 'refused'), 502, 'CONNECT_FAILED', null],
  open: [new CircuitOpenError('secret-host is open', 1_200), 503, 'CIRCUIT_OPEN', '2'],
  full: [new ConcurrencyLimitError('secret'), 503, 'CONCURRENCY_LIMIT', '1'],
  late: [new DeadlineExceededError('secret'), 504, 'DEADLINE_EXCEEDED', null],
  'foreign-503': [Object.assign(new Error('secret'), { status: 503 }), 500, undefined, null],
}

const throwing: ConformanceRoute = {
  method: 'GET',
  path: '/throws/:what',
  handle({ params }) {
    throw thrown[params.what ?? '']?.[0]
  },
}
const refusing: ConformanceRoute = {
  method: 'POST',
  path: '/refuses',
  handle() {
    throw invalidRequest([{ message: 'must be a number', path: ['items', 0, 'a/b~c'] }])
  },
}
const conflict: ConformanceRoute = {
  method: 'GET',
  path: '/conflict',
  async handle() {
    throw new ProblemError(409, 'the order is closed', {
      type: 'https://example.com/closed',
      title: 'Closed',
      headers: { 'x-order': '42' },
      extensions: { order: 42 },
    })
  },
}
const tooLate: ConformanceRoute = {
  method: 'GET',
  path: '/too-late',
  async handle({ response }) {
    response.writeHead(200, { 'content-type': 'text/plain' })
    response.write('half')
    await new Promise((resolve) => setTimeout(resolve, 20))
    throw new Error('too late')
  },
}

type Document = Readonly<Record<string, unknown>>

async function problemOf(response: Response): Promise<Document> {
  assert.match(response.headers.get('content-type') ?? '', /^application\/problem\+json/)
  const document = (await response.json()) as Document
  assert.equal(document.status, response.status)
  assert.equal(document.correlationId, response.headers.get('x-correlation-id'))
  assert.doesNotMatch(JSON.stringify(document), /secret|\bat .*:\d+/)
  return document
}

export const problemCases: readonly ConformanceCase[] = [
  {
    name: 'answers errors with problem+json: what a dependency did is a gateway error, and nothing inside is told',
    run: (adapter) =>
      onStage(adapter, [throwing], async ({ get, requestLines }) => {
        for (const [what, [, status, code, retryAfter]] of Object.entries(thrown)) {
          const response = await get(`/throws/${what}`)
          assert.equal(response.status, status, what)
          assert.equal((await problemOf(response)).code, code, what)
          assert.equal(response.headers.get('retry-after'), retryAfter, what)
        }
        const [line] = await requestLines(Object.keys(thrown).length)
        assert.equal((line?.err as { message: string } | undefined)?.message, 'secret', 'the log tells it')
      }),
  },
  {
    name: 'answers what the application means to say with all that it says',
    run: (adapter) =>
      onStage(adapter, [conflict], async ({ get }) => {
        const response = await get('/conflict')
        const { correlationId, ...document } = await problemOf(response)
        assert.deepEqual(document, {
          type: 'https://example.com/closed',
          title: 'Closed',
          status: 409,
          detail: 'the order is closed',
          order: 42,
        })
        assert.equal(response.headers.get('x-order'), '42')
        assert.equal(typeof correlationId, 'string')
      }),
  },
  {
    name: 'points at each value of a request that is not valid',
    run: (adapter) =>
      onStage(adapter, [refusing], async ({ get }) => {
        const headers = { 'content-type': 'application/json' }
        const response = await get('/refuses', { method: 'POST', headers, body: '{}' })
        assert.equal(response.status, 400)
        assert.deepEqual((await problemOf(response)).errors, [
          { detail: 'must be a number', pointer: '#/items/0/a~1b~0c' },
        ])
      }),
  },
  {
    name: 'answers a body that is not JSON with 400, and an unknown path with 404',
    run: (adapter) =>
      onStage(adapter, [refusing], async ({ get }) => {
        const headers = { 'content-type': 'application/json' }
        const malformed = await get('/refuses', { method: 'POST', headers, body: '{"a":' })
        assert.equal(malformed.status, 400)
        await problemOf(malformed)
        const unknown = await get('/nowhere')
        assert.equal(unknown.status, 404)
        assert.equal((await problemOf(unknown)).title, 'Not Found')
      }),
  },
  {
    name: 'breaks the connection when a handler fails within its answer, and counts it as a failure of its own',
    run: (adapter) =>
      onStage(adapter, [tooLate], async (stage) => {
        const socket = stage.connect()
        socket.write('GET /too-late HTTP/1.1\r\nhost: a\r\n\r\n')
        const answer = await received(socket).catch(() => 'reset')
        assert.doesNotMatch(answer, /\r\n0\r\n\r\n$/, 'the answer must not look whole')
        const [line] = await stage.requestLines(1)
        assert.deepEqual([line?.status, line?.aborted], [500, undefined])
        assert.equal((line?.err as { message: string } | undefined)?.message, 'too late')
        const samples = await stage.samples()
        assert.equal(samples.get(counted('GET', '/too-late', 500)), 1)
        assert.ok([...samples.keys()].every((name) => !name.startsWith('http_requests_aborted_total{')))
      }),
  },
]
