import assert from 'node:assert/strict'
import { once } from 'node:events'
import { ProblemError } from '../../service/problems/index.js'
import type { ConformanceCase, ConformanceRoute } from './conformance-adapter.js'
import { counted, onStage, until } from './stage.js'

/** Sets a status, as `:how` it is told, and fails. */
const withStatus: ConformanceRoute = {
  method: 'GET',
  path: '/status/:status/:how',
  handle({ params, setStatus }) {
    setStatus(Number(params.status))
    const error = new Error('secret')
    if (params.how === 'throws') throw error
    return Promise.reject(error)
  },
}

/** What errors of dependencies carry. */
const theirs = {
  'set-cookie': 'session=theirs',
  'content-encoding': 'gzip',
  'transfer-encoding': 'chunked',
  'x-internal-host': 'db-7',
}
const foreign: Readonly<Record<string, object>> = {
  'status-401': { status: 401, code: 'invalid_api_key', headers: theirs },
  'code-404': { statusCode: 404, headers: theirs },
  'text-expose': { status: 403, expose: 'yes', headers: theirs },
}
const exposed: Readonly<Record<string, object>> = {
  shown: { status: 429, expose: true, headers: { 'retry-after': '7' } },
  hidden: { statusCode: 409, expose: false },
}
const failing: ConformanceRoute = {
  method: 'GET',
  path: '/fails/:what',
  handle({ params }) {
    const { what = '' } = params
    throw Object.assign(new Error('secret'), foreign[what] ?? exposed[what])
  },
}

const entity = {
  'accept-ranges': 'bytes',
  'content-disposition': 'attachment; filename="report.csv"',
  'content-encoding': 'gzip',
  'content-language': 'de',
  'content-range': 'bytes 0-1/2',
  etag: '"1"',
  'last-modified': 'Mon, 01 Jan 2024 00:00:00 GMT',
  'transfer-encoding': 'chunked',
}
const abandoned: ConformanceRoute = {
  method: 'GET',
  path: '/abandoned',
  async handle({ setHeader }) {
    for (const [name, value] of Object.entries(entity)) setHeader(name, value)
    setHeader('x-kept', 'yes')
    throw new Error('the query failed')
  },
}

const circle: Record<string, unknown> = {}
circle.self = circle
const unwritable: Readonly<Record<string, unknown>> = { bigint: { id: 1n }, circle }
const extended: ConformanceRoute = {
  method: 'GET',
  path: '/extended/:what',
  handle({ params }) {
    throw new ProblemError(409, 'there already', { extensions: { what: unwritable[params.what ?? ''] } })
  },
}
const answering: ConformanceRoute = {
  method: 'GET',
  path: '/answers/:what',
  handle: ({ params }) => unwritable[params.what ?? ''],
}

const cut: ConformanceRoute = {
  method: 'GET',
  path: '/cut',
  async handle({ response }) {
    response.writeHead(200, { 'content-type': 'text/plain' })
    response.write('half')
    await new Promise((resolve) => setTimeout(resolve, 20))
    response.destroy()
    return undefined
  },
}
const upload: ConformanceRoute = { method: 'POST', path: '/upload', handle: () => ({}) }

async function problemText(response: Response): Promise<string> {
  assert.match(response.headers.get('content-type') ?? '', /^application\/problem\+json/)
  return response.text()
}

export const failureCases: readonly ConformanceCase[] = [
  {
    name: 'keeps the status that was set before an error, and not one that is none of an error',
    run: (adapter) =>
      onStage(adapter, [withStatus], async ({ get }) => {
        for (const how of ['throws', 'rejects']) {
          for (const [set, expected] of Object.entries({ 404: 404, 409: 409, 503: 503, 202: 500 })) {
            const response = await get(`/status/${set}/${how}`)
            assert.equal(response.status, expected, `${set}, ${how}`)
            assert.doesNotMatch(await problemText(response), /secret/)
          }
        }
      }),
  },
  {
    name: 'believes errors that were made for an answer, and none of a dependency: not its status, message or headers',
    run: (adapter) =>
      onStage(adapter, [failing], async ({ get }) => {
        for (const what of Object.keys(foreign)) {
          const response = await get(`/fails/${what}`)
          assert.equal(response.status, 500, what)
          assert.doesNotMatch(await problemText(response), /secret|invalid_api_key/)
          for (const name of Object.keys(theirs)) assert.equal(response.headers.get(name), null, name)
        }
        const shown = await get('/fails/shown')
        assert.deepEqual([shown.status, shown.headers.get('retry-after')], [429, '7'])
        assert.match(await problemText(shown), /"detail":"secret"/)
        const hidden = await get('/fails/hidden')
        assert.equal(hidden.status, 409)
        assert.doesNotMatch(await problemText(hidden), /secret/)
      }),
  },
  {
    name: 'takes the headers of the content away with the answer that an error puts an end to',
    run: (adapter) =>
      onStage(adapter, [abandoned], async ({ get }) => {
        const response = await get('/abandoned')
        assert.equal(response.status, 500)
        assert.match(await problemText(response), /"status":500/)
        for (const name of Object.keys(entity)) assert.equal(response.headers.get(name), null, name)
        assert.equal(response.headers.get('x-kept'), 'yes')
      }),
  },
  {
    name: 'answers with a problem also what cannot be written as JSON',
    run: (adapter) =>
      onStage(adapter, [extended, answering], async ({ get }) => {
        for (const what of Object.keys(unwritable)) {
          const problem = await get(`/extended/${what}`)
          assert.equal(problem.status, 409, what)
          assert.match(await problemText(problem), /"detail":"there already"/)
          const answer = await get(`/answers/${what}`)
          assert.equal(answer.status, 500, what)
          assert.doesNotMatch(await problemText(answer), /BigInt|circular/)
        }
      }),
  },
  {
    name: 'tells an answer that this side broke off from one whose caller left',
    run: (adapter) =>
      onStage(adapter, [cut], async (stage) => {
        await assert.rejects(stage.get('/cut').then((response) => response.text()))
        const [line] = await stage.requestLines(1)
        assert.deepEqual([line?.status, line?.aborted], [500, undefined])
        assert.ok(line?.err !== undefined)
        const samples = await stage.samples()
        assert.equal(samples.get(counted('GET', '/cut', 500)), 1)
        assert.ok([...samples.keys()].every((name) => !name.startsWith('http_requests_aborted_total{')))
      }),
  },
  {
    name: 'counts a caller who leaves within an upload with status 499, and tells who it was',
    run: (adapter) =>
      onStage(adapter, [upload], async (stage) => {
        const socket = stage.connect()
        await once(socket, 'connect')
        const head = 'POST /upload HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n'
        socket.write(`${head}content-length: 5000\r\n\r\n{"a":`)
        const inFlight = async () => (await stage.samples()).get('http_requests_in_flight') === 1
        await until('the upload is in flight', inFlight)
        socket.resetAndDestroy()
        const [line] = await stage.requestLines(1)
        assert.deepEqual([line?.status, line?.aborted], [499, true])
        assert.match(String(line?.remote_address), /127\.0\.0\.1$/)
        await until('it is over', async () => !(await inFlight()))
      }),
  },
]
