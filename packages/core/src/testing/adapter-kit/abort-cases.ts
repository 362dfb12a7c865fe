import assert from 'node:assert/strict'
import { once } from 'node:events'
import { currentContext } from '../../telemetry/context/index.js'
import type { ConformanceCase, ConformanceRoute } from './conformance-adapter.js'
import { counted, onStage, type Stage, until } from './stage.js'

/** Never answers, and says why it was told to stop. */
const reasons: unknown[] = []
const hanging: ConformanceRoute = {
  method: 'GET',
  path: '/hangs',
  handle: () =>
    new Promise((_resolve, reject) => {
      const { signal } = currentContext() ?? {}
      signal?.addEventListener('abort', () => {
        reasons.push((signal.reason as { code?: unknown }).code)
        reject(signal.reason)
      })
    }),
}

/** Sends its headers and the beginning of its body. */
const half: ConformanceRoute = {
  method: 'GET',
  path: '/half',
  handle({ response }) {
    response.writeHead(200, { 'content-type': 'text/plain', 'content-length': '100' })
    response.write('half')
    return undefined
  },
}

const inFlight = 'http_requests_in_flight'
const request = (path: string) => `GET ${path} HTTP/1.1\r\nhost: a\r\n\r\n`

async function nothingInFlight({ samples }: Stage): Promise<void> {
  await until('no request is in flight', async () => (await samples()).get(inFlight) === 0)
}

export const abortCases: readonly ConformanceCase[] = [
  {
    name: 'counts a caller who leaves before the answer with status 499, and aborts the signal',
    run: (adapter) =>
      onStage(adapter, [hanging], async (stage) => {
        reasons.length = 0
        const socket = stage.connect()
        socket.write(request('/hangs'))
        await until('the request is in flight', async () => (await stage.samples()).get(inFlight) === 1)
        socket.destroy()
        const [line] = await stage.requestLines(1)
        assert.deepEqual([line?.status, line?.aborted, line?.route], [499, true, '/hangs'])
        assert.match(String(line?.remote_address), /127\.0\.0\.1$/)
        assert.deepEqual(reasons, ['ABORTED'])
        assert.equal((await stage.samples()).get(counted('GET', '/hangs', 499)), 1)
        await nothingInFlight(stage)
      }),
  },
  {
    name: 'counts a caller who leaves within the answer as aborted, with the status that was sent',
    run: (adapter) =>
      onStage(adapter, [half], async (stage) => {
        const socket = stage.connect()
        socket.write(request('/half'))
        await once(socket, 'data')
        socket.destroy()
        const [line] = await stage.requestLines(1)
        assert.deepEqual([line?.status, line?.aborted], [200, true])
        const samples = await stage.samples()
        assert.equal(samples.get('http_requests_aborted_total{method="GET",route="/half"}'), 1)
        assert.equal(samples.get(counted('GET', '/half', 200)), 1)
        await nothingInFlight(stage)
      }),
  },
  {
    name: 'ends every one of the pipelined requests whose caller leaves',
    run: (adapter) =>
      onStage(adapter, [hanging], async (stage) => {
        const socket = stage.connect()
        socket.write(request('/hangs').repeat(20))
        await until('all are in flight', async () => (await stage.samples()).get(inFlight) === 20)
        socket.destroy()
        await nothingInFlight(stage)
        assert.equal((await stage.requestLines(20)).length, 20)
      }),
  },
  {
    name: 'answers 504 when the time of the request is up',
    run: (adapter) =>
      onStage(
        adapter,
        [hanging],
        async (stage) => {
          reasons.length = 0
          const response = await stage.get('/hangs')
          assert.equal(response.status, 504)
          assert.equal(((await response.json()) as { code: string }).code, 'DEADLINE_EXCEEDED')
          assert.deepEqual(reasons, ['DEADLINE_EXCEEDED'])
          await nothingInFlight(stage)
        },
        { requestTimeoutMs: 50 },
      ),
  },
]
