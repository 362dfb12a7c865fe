import assert from 'node:assert/strict'
import { createService } from '../../service/service/index.js'
import type { Logger } from '../../telemetry/context/index.js'
import type { ConformanceCase, ConformanceRoute } from './conformance-adapter.js'
import { onStage } from './stage.js'

const ping: ConformanceRoute = { method: 'GET', path: '/ping', handle: () => ({}) }
const probes = ['/livez', '/readyz', '/startupz', '/health']

export const systemCases: readonly ConformanceCase[] = [
  {
    name: 'answers the probes, never to be cached, without a line or a count for them',
    run: (adapter) =>
      onStage(adapter, [ping], async ({ get, lines, samples, service }) => {
        for (const path of probes) {
          const response = await get(`${path}?from=probe`)
          assert.equal(response.status, 200, path)
          assert.equal(response.headers.get('cache-control'), 'no-store')
          assert.match(response.headers.get('content-type') ?? '', /^application\/health\+json/)
        }
        service.health.add('broken', () => Promise.reject(new Error('down')))
        assert.equal((await get('/readyz')).status, 503)
        assert.equal((await get('/livez')).status, 200)
        assert.equal((await get('/health', { method: 'POST' })).status, 404)
        const counted = [...(await samples()).keys()].filter((name) => name.includes('livez'))
        assert.deepEqual(counted, [])
        assert.ok(
          lines.every(
            (line) => !probes.some((path) => String(line.path).includes(path) && line.method === 'GET'),
          ),
        )
      }),
  },
  {
    name: 'tells details from this machine only, and to no proxy on it',
    run: (adapter) =>
      onStage(adapter, [ping], async ({ get, service }) => {
        service.health.add('database', () => true)
        const local = (await (await get('/health')).json()) as { checks?: object }
        assert.deepEqual(Object.keys(local.checks ?? {}), ['database:responseTime'])
        const forwarded = await get('/health', { headers: { 'x-forwarded-for': '203.0.113.7' } })
        assert.deepEqual(await forwarded.json(), { status: 'pass' })
      }),
  },
  {
    name: 'tells details to who has the token, where there is one',
    run: (adapter) =>
      onStage(
        adapter,
        [ping],
        async ({ get }) => {
          assert.deepEqual(await (await get('/health')).json(), { status: 'pass' })
          for (const token of ['', 'wrong', 'token-4712', 'token-47111']) {
            const refused = await get('/health', { headers: { authorization: `Bearer ${token}` } })
            assert.deepEqual(await refused.json(), { status: 'pass' }, token)
          }
          const told = await get('/health', { headers: { authorization: 'Bearer token-4711' } })
          assert.equal(((await told.json()) as { serviceId: string }).serviceId, 'conformance')
        },
        { health: { token: 'token-4711' } },
      ),
  },
  {
    name: 'answers probes and metrics on the management port alone, where there is one',
    run: (adapter) =>
      onStage(
        adapter,
        [ping],
        async ({ get, listening, samples }) => {
          for (const path of [...probes, '/metrics']) {
            assert.equal((await get(path)).status, 404, path)
            assert.equal((await fetch(listening.managementUrl + path)).status, 200, path)
          }
          assert.equal((await fetch(`${listening.managementUrl}/ping`)).status, 404)
          assert.ok((await samples()).size > 0)
        },
        { management: { port: 0, host: '127.0.0.1' } },
      ),
  },
  {
    name: 'serves no metrics where they are off',
    run: (adapter) =>
      onStage(
        adapter,
        [ping],
        async ({ get }) => {
          assert.equal((await get('/metrics')).status, 404)
          assert.equal((await get('/ping')).status, 200)
        },
        { metrics: false },
      ),
  },
  { name: 'answers whatever the logger does', run: survivesLogger },
]

async function survivesLogger(adapter: Parameters<ConformanceCase['run']>[0]): Promise<void> {
  const fail = () => {
    throw new Error('the disk is full')
  }
  const logger = { level: 'info', debug: fail, info: fail, warn: fail, error: fail, fatal: fail, child: fail }
  const service = createService({ name: 'conformance', logger: logger as unknown as Logger, signals: false })
  try {
    const { url } = await adapter.start(service as never, [ping])
    assert.equal((await fetch(`${url}/ping`)).status, 200)
    assert.equal((await fetch(`${url}/nowhere`)).status, 404)
  } finally {
    await service.shutdown()
  }
}
