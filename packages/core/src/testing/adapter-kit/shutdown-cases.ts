import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { ConformanceCase, ConformanceRoute } from './conformance-adapter.js'
import { onStage, received, until } from './stage.js'

const slowMs = 150
const slow: ConformanceRoute = {
  method: 'GET',
  path: '/slow',
  handle: () => new Promise((resolve) => setTimeout(() => resolve({ slow: true }), slowMs)),
}
const request = (path: string) => `GET ${path} HTTP/1.1\r\nhost: a\r\n\r\n`

export const shutdownCases: readonly ConformanceCase[] = [
  {
    name: 'answers what is in flight, closes idle connections, then runs the hooks in reverse order',
    run: (adapter) =>
      onStage(adapter, [slow], async ({ connect, lines, samples, service }) => {
        const closed: string[] = []
        service.onShutdown('first', () => void closed.push('first'))
        service.onShutdown('second', () => void closed.push('second'))
        const idle = connect()
        idle.write(request('/livez'))
        await once(idle, 'data')
        const busy = connect()
        const answer = received(busy)
        busy.write(request('/slow'))
        await until(
          'the request is in flight',
          async () => (await samples()).get('http_requests_in_flight') === 1,
        )
        const { clean, durationMs } = await service.shutdown()
        assert.match(await answer, /^HTTP\/1\.1 200 [\s\S]*connection: close\r\n[\s\S]*"slow":true/i)
        assert.deepEqual(closed, ['second', 'first'])
        assert.equal(clean, true)
        assert.ok(durationMs < 5_000, `it took ${durationMs} ms`)
        await until('the idle connection is closed', () => idle.closed)
        assert.ok(lines.some(({ msg }) => String(msg).startsWith('shutdown')))
      }),
  },
  {
    name: 'goes on serving within the drain delay, not ready and telling connections to close',
    run: (adapter) =>
      onStage(
        adapter,
        [slow],
        async ({ get, service }) => {
          const stopping = service.shutdown()
          const probe = await get('/readyz')
          assert.equal(probe.status, 503)
          assert.equal((await get('/livez')).status, 200)
          const served = await get('/slow')
          assert.equal(served.status, 200)
          assert.equal(served.headers.get('connection'), 'close')
          await served.text()
          assert.equal((await stopping).clean, true)
        },
        { shutdown: { drainDelayMs: 400 } },
      ),
  },
  { name: 'answers every request that has reached it, of callers that keep on calling', run: losesNone },
]

function losesNone(adapter: Parameters<ConformanceCase['run']>[0]): Promise<void> {
  let reached = 0
  const route: ConformanceRoute = {
    ...slow,
    handle(call) {
      reached++
      return slow.handle(call)
    },
  }
  return onStage(
    adapter,
    [route],
    async ({ get, service }) => {
      const statuses: number[] = []
      const caller = async (): Promise<void> => {
        for (;;) {
          const status = await statusOf(get('/slow'))
          if (status === undefined) return
          statuses.push(status)
        }
      }
      const callers = Array.from({ length: 20 }, caller)
      await until('requests are answered', () => statuses.length >= 20)
      assert.equal((await service.shutdown()).clean, true)
      await Promise.all(callers)
      assert.deepEqual([...new Set(statuses)], [200])
      assert.equal(statuses.length, reached)
    },
    { shutdown: { drainDelayMs: 300 } },
  )
}

/** `undefined` without an answer: a connection that the system had taken, but not the server, is refused or reset. */
async function statusOf(answer: Promise<Response>): Promise<number | undefined> {
  try {
    const response = await answer
    await response.text()
    return response.status
  } catch {
    return undefined
  }
}
