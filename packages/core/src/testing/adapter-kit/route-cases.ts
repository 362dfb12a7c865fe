import assert from 'node:assert/strict'
import type { ConformanceCase, ConformanceRoute } from './conformance-adapter.js'
import { counted, onStage, received } from './stage.js'

const echo = (route: Pick<ConformanceRoute, 'mount' | 'path'>): ConformanceRoute => ({
  method: 'GET',
  ...route,
  handle: ({ params }) => params,
})
const failing: ConformanceRoute = {
  method: 'GET',
  mount: '/tenants/:tenant',
  path: '/fails/:id',
  handle() {
    throw new Error('on purpose')
  },
}
const routes = [
  echo({ path: '/' }),
  echo({ path: '/orders/:id' }),
  echo({ mount: '/tenants/:tenant', path: '/items/:id' }),
  failing,
]

const many = 300
const maxSeries = 20

export const routeCases: readonly ConformanceCase[] = [
  {
    name: 'counts by the template of the route, also below a mount with parameters and when it fails',
    run: (adapter) =>
      onStage(adapter, routes, async ({ get, requestLines, samples }) => {
        for (const path of ['/', '/orders/1', '/orders/2?x=/items/3', '/tenants/acme/items/7']) {
          assert.equal((await get(path)).status, 200, path)
        }
        assert.equal((await get('/tenants/acme/fails/7')).status, 500)
        await requestLines(5)
        const seen = await samples()
        assert.equal(seen.get(counted('GET', '/', 200)), 1)
        assert.equal(seen.get(counted('GET', '/orders/:id', 200)), 2)
        assert.equal(seen.get(counted('GET', '/tenants/:tenant/items/:id', 200)), 1)
        assert.equal(seen.get(counted('GET', '/tenants/:tenant/fails/:id', 500)), 1)
      }),
  },
  {
    name: 'counts what no route answers as unmatched, and methods that nobody knows as other',
    run: (adapter) =>
      onStage(adapter, routes, async ({ get, requestLines, samples }) => {
        assert.equal((await get('/tenants/acme/nothing')).status, 404)
        assert.equal((await get('/orders/1', { method: 'PURGE' })).status, 404)
        assert.equal((await get('/orders/1', { method: 'HEAD' })).status, 200)
        await requestLines(3)
        const seen = await samples()
        assert.equal(seen.get(counted('GET', '<unmatched>', 404)), 1)
        assert.equal(seen.get(counted('_OTHER', '<unmatched>', 404)), 1)
        assert.equal(seen.get(counted('HEAD', '/orders/:id', 200)), 1)
      }),
  },
  {
    name: 'answers and counts a URL that is malformed',
    run: (adapter) =>
      onStage(adapter, routes, async (stage) => {
        const socket = stage.connect()
        socket.write('GET /orders/%zz HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n')
        const answer = await received(socket)
        assert.match(answer, /^HTTP\/1\.1 400 /)
        assert.match(answer, /^x-correlation-id: /im)
        const [line] = await stage.requestLines(1)
        assert.equal(line?.status, 400)
        const samples = [...(await stage.samples())].filter(([name]) => name.includes('status_code="400"'))
        assert.ok(samples.length > 0)
        assert.ok(samples.every(([name]) => !name.includes('zz')))
      }),
  },
  {
    name: `keeps the series bounded under ${many} different paths`,
    run: (adapter) =>
      onStage(
        adapter,
        routes,
        async ({ get, requestLines, samples }) => {
          for (let sent = 0; sent < many; sent += 100) {
            const batch = Array.from({ length: 100 }, (_, index) => get(`/p${sent + index}/x`))
            await Promise.all(batch.map(async (response) => (await response).text()))
          }
          await requestLines(many)
          const seen = await samples()
          const series = [...seen.keys()].filter((name) =>
            name.startsWith('http_request_duration_seconds_count'),
          )
          assert.equal(series.length, 1)
          assert.equal(seen.get(counted('GET', '<unmatched>', 404)), many)
        },
        { metrics: { maxSeries } },
      ),
  },
  {
    name: 'writes one line a request, without headers and without the secrets of its URL',
    run: (adapter) =>
      onStage(adapter, routes, async ({ get, requestLines }) => {
        await get('/orders/4711?token=hunter2&lang=en', { headers: { authorization: 'Bearer hunter2' } })
        const lines = await requestLines(1)
        assert.equal(lines.length, 1)
        const { duration_ms, correlation_id, time, remote_address, ...line } = lines[0] ?? {}
        assert.deepEqual(line, {
          level: 'info',
          service: 'conformance',
          method: 'GET',
          route: '/orders/:id',
          path: '/orders/4711?token=[redacted]&lang=en',
          status: 200,
          msg: 'request',
        })
        assert.ok(Number(duration_ms) > 0 && typeof correlation_id === 'string' && time && remote_address)
      }),
  },
]
