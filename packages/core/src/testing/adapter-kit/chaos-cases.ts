import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type Chaos, chaos } from '../../policies/index.js'
import type { ChaosRequest, ServerChaosOption } from '../../service/server/index.js'
import { currentContext } from '../../telemetry/context/index.js'
import type { ConformanceAdapter, ConformanceCase, ConformanceRoute } from './conformance-adapter.js'
import { onStage, received, type Stage, until } from './stage.js'

const route: ConformanceRoute = {
  method: 'GET',
  path: '/orders/:id',
  handle: ({ params }) => ({ id: params.id, correlationId: currentContext()?.correlationId }),
}
const injections = (kind: string) => `http_requests_chaos_injections_total{kind="${kind}"}`

/** A service with one route and this chaos. */
function withChaos(
  adapter: ConformanceAdapter,
  given: ServerChaosOption,
  play: (stage: Stage) => Promise<void>,
): Promise<void> {
  return onStage(adapter, [route], play, { chaos: given })
}

/** Asks for an order on a connection of its own, and gives all that comes until that ends. */
function askUntilTheEnd({ connect }: Stage, headers = ''): Promise<string> {
  const socket = connect()
  socket.write(`GET /orders/42 HTTP/1.1\r\nhost: a\r\n${headers}\r\n`)
  return received(socket)
}

export const chaosCases: readonly ConformanceCase[] = [
  {
    name: 'answers with the injected status as a problem that says so, and never calls the handler for it',
    run: (adapter) =>
      withChaos(adapter, { errors: { status: 503, retryAfterMs: 1_500 }, enabled: true }, async (stage) => {
        const response = await stage.get('/orders/42', { headers: { 'x-correlation-id': 'order-4711' } })
        assert.equal(response.status, 503)
        assert.match(response.headers.get('content-type') ?? '', /^application\/problem\+json/)
        assert.equal(response.headers.get('x-holdfast-chaos'), 'status')
        assert.equal(response.headers.get('retry-after'), '2')
        assert.equal(response.headers.get('x-correlation-id'), 'order-4711')
        const problem = (await response.json()) as Record<string, unknown>
        assert.deepEqual(
          [problem.status, problem.detail, problem.injected, problem.correlationId],
          [503, 'injected by chaos', true, 'order-4711'],
        )
        const [line] = await stage.requestLines(1)
        assert.deepEqual([line?.status, line?.refusal, line?.err], [503, 'chaos', undefined])
        assert.equal((await stage.samples()).get(injections('status')), 1)
      }),
  },
  {
    name: 'touches nothing while chaos is off, and is switched while it runs',
    run: (adapter) => {
      const faults: Chaos<ChaosRequest> = chaos<ChaosRequest>({ errors: 500 })
      return withChaos(adapter, faults, async ({ get, lines }) => {
        assert.equal((await get('/orders/42')).status, 200)
        faults.enable()
        assert.equal((await get('/orders/42')).status, 500)
        faults.disable()
        assert.equal((await get('/orders/42')).status, 200)
        const told = lines.filter(({ msg }) => String(msg).startsWith('chaos'))
        assert.deepEqual(
          told.map(({ level, msg }) => [level, msg]),
          [
            ['warn', 'chaos is on'],
            ['warn', 'chaos is off'],
          ],
        )
      })
    },
  },
  {
    name: 'is injected into those requests only that it is meant for',
    run: (adapter) => {
      const asked: ChaosRequest[] = []
      const when = (request: ChaosRequest): boolean => {
        asked.push(request)
        return request.method === 'GET' && request.headers['x-break'] === 'me'
      }
      return withChaos(adapter, { errors: 503, when, enabled: true }, async ({ get }) => {
        assert.equal((await get('/orders/1?page=2')).status, 200)
        assert.equal((await get('/orders/2', { headers: { 'x-break': 'me' } })).status, 503)
        assert.deepEqual(
          asked.map(({ path }) => path),
          ['/orders/1', '/orders/2'],
        )
        for (const { route } of asked) assert.ok(route === undefined || route === '/orders/:id')
      })
    },
  },
  {
    name: 'holds requests up, then has the handler answer in its own context',
    run: (adapter) =>
      withChaos(adapter, { latency: 20, enabled: true }, async ({ get, samples }) => {
        const response = await get('/orders/42', { headers: { 'x-correlation-id': 'order-4711' } })
        assert.deepEqual(await response.json(), { id: '42', correlationId: 'order-4711' })
        assert.equal((await samples()).get(injections('latency')), 1)
      }),
  },
  {
    name: 'holds nobody up beyond the deadline, nor after they have left',
    run: (adapter) =>
      withChaos(adapter, { latency: 600_000, enabled: true }, async (stage) => {
        const late = await stage.get('/orders/42', { headers: { 'x-request-timeout-ms': '30' } })
        assert.deepEqual([late.status, late.headers.get('x-holdfast-chaos')], [504, null])
        const socket = stage.connect()
        socket.write('GET /orders/43 HTTP/1.1\r\nhost: a\r\n\r\n')
        await until('it is held up', async () => (await stage.samples()).get('http_requests_in_flight') === 1)
        socket.destroy()
        const lines = await stage.requestLines(2)
        assert.deepEqual([lines[1]?.status, lines[1]?.aborted], [499, true])
        assert.equal((await stage.samples()).get('http_requests_in_flight'), 0)
      }),
  },
  ...(['connection', 'reset'] as const).map((errors) => ({
    name: `cuts the connection without an answer: ${errors}`,
    run: (adapter: ConformanceAdapter) =>
      withChaos(adapter, { errors, enabled: true }, async (stage) => {
        assert.equal(await askUntilTheEnd(stage).catch(() => ''), '')
        const [line] = await stage.requestLines(1)
        assert.deepEqual([line?.status, line?.refusal], [499, 'chaos'])
        assert.equal((await stage.samples()).get(injections(errors)), 1)
      }),
  })),
  {
    name: 'never answers what is to time out, and lets go of it at its deadline or when its caller leaves',
    run: (adapter) =>
      withChaos(adapter, { errors: 'timeout', enabled: true }, async (stage) => {
        const atDeadline = askUntilTheEnd(stage, 'x-request-timeout-ms: 50\r\n')
        assert.equal(await atDeadline.catch(() => ''), '')
        const socket = stage.connect()
        socket.write('GET /orders/42 HTTP/1.1\r\nhost: a\r\n\r\n')
        await until('it hangs', async () => (await stage.samples()).get('http_requests_in_flight') === 1)
        socket.destroy()
        await once(socket, 'close')
        await stage.requestLines(2)
        assert.equal((await stage.samples()).get('http_requests_in_flight'), 0)
      }),
  },
  {
    name: 'has an error of the application answered as that is, with its mark in the log',
    run: (adapter) => {
      const errors = () => Object.assign(new Error('of the database'), { code: 'ECONNRESET' })
      return withChaos(adapter, { errors, enabled: true }, async ({ get, requestLines }) => {
        assert.equal((await get('/orders/42')).status, 500)
        assert.equal((await requestLines(1))[0]?.refusal, 'chaos')
      })
    },
  },
  {
    name: 'answers health and metrics as ever',
    run: (adapter) =>
      withChaos(adapter, { errors: 503, enabled: true }, async ({ get }) => {
        for (const path of ['/livez', '/readyz', '/startupz', '/health', '/metrics']) {
          assert.equal((await get(path)).status, 200, path)
        }
        assert.equal((await get('/nowhere')).status, 503)
      }),
  },
  { name: 'comes after admission, whose permits it holds and gives back', run: behindAdmission },
]

/** The first request holds the only permit while chaos holds it up; the second waits for that and is then failed too. */
async function behindAdmission(adapter: ConformanceAdapter): Promise<void> {
  const faults = chaos<ChaosRequest>({ errors: 503, latency: 50, enabled: true })
  const play = async ({ get, samples }: Stage) => {
    const first = get('/orders/1')
    await until('it is held up', async () => (await samples()).get('http_requests_in_flight') === 1)
    const second = get('/orders/2')
    await until('the other waits', async () => {
      const shown = await samples()
      return shown.get('http_requests_queued') === 1 || shown.get(injections('status')) === 2
    })
    for (const response of await Promise.all([first, second])) {
      assert.deepEqual([response.status, response.headers.get('x-holdfast-chaos')], [503, 'status'])
    }
    faults.disable()
    assert.equal((await get('/orders/3')).status, 200)
  }
  await onStage(adapter, [route], play, {
    chaos: faults,
    admission: { maxLimit: 1, maxQueueWaitMs: 60_000, shedOlderThanMs: 60_000 },
  })
}
