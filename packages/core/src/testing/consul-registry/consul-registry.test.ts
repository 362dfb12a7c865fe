import { createServer } from 'node:http'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import type { ConfigInvalidError } from '../../foundation/errors/index.js'
import { consulRegistry } from './consul-registry.js'
import type { ConsulServiceDefinition } from './consul-types.js'
import { goDuration } from './go-duration.js'

/** A registry, and how a test asks it. */
async function setUp() {
  const consul = await consulRegistry()
  onTestFinished(() => consul.close())
  const ask = async (path: string): Promise<{ status: number; index: number; text: string }> => {
    const response = await fetch(`${consul.url}${path}`)
    const index = Number(response.headers.get('x-consul-index'))
    return { status: response.status, index, text: await response.text() }
  }
  const put = async (path: string, body?: object): Promise<number> => {
    const init = { method: 'PUT', ...(body === undefined ? {} : { body: JSON.stringify(body) }) }
    return (await fetch(`${consul.url}${path}`, init)).status
  }
  const register = (definition: Partial<ConsulServiceDefinition>): Promise<number> =>
    put('/v1/agent/service/register', { Name: 'orders', Port: 1, ...definition })
  return { consul, ask, put, register }
}

describe('consulRegistry', () => {
  it('holds a question for as long as nothing changes of its service, and no longer', async () => {
    const { ask, consul } = await setUp()
    consul.register({ Name: 'orders', Port: 1 })
    const { index } = await ask('/v1/health/service/orders')
    let isAnswered = false
    const waiting = ask(`/v1/health/service/orders?index=${index}&wait=1m`).finally(() => {
      isAnswered = true
    })
    consul.register({ Name: 'payments', Port: 1 })
    await ask('/v1/health/service/payments')
    expect(isAnswered).toBe(false)
    consul.deregister('orders')
    expect(await waiting).toMatchObject({ text: '[]', index: index + 2 })
    // It says the same when the time is up.
    expect(await ask(`/v1/health/service/orders?index=${index + 2}&wait=10ms`)).toMatchObject({
      index: index + 2,
    })
  })

  it('takes an instance that gives no sign of life for critical, and drops it', async () => {
    const { consul, put, register } = await setUp()
    const Check = { TTL: '200ms', DeregisterCriticalServiceAfter: '300ms' }
    await register({ ID: 'a', Check })
    expect(consul.services[0]?.status).toBe('critical')
    expect(await put('/v1/agent/check/update/service:a', { Status: 'warning', Output: 'so so' })).toBe(200)
    expect(consul.services[0]?.status).toBe('warning')
    await vi.waitFor(() => expect(consul.services[0]?.status).toBe('critical'), 3_000)
    await vi.waitFor(() => expect(consul.services).toEqual([]), 3_000)
    expect(await put('/v1/agent/check/pass/service:a')).toBe(404)
  })

  it('asks what has a URL on this machine', async () => {
    const { consul, register } = await setUp()
    let status = 200
    const server = createServer((_, response) => response.writeHead(status).end())
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    const { port } = server.address() as { port: number }
    await register({ Check: { HTTP: `http://127.0.0.1:${port}`, Interval: '50ms' } })
    for (const [next, expected] of [
      [200, 'passing'],
      [429, 'warning'],
      [503, 'critical'],
    ] as const) {
      status = next
      await vi.waitFor(() => expect(consul.services[0]?.status).toBe(expected), 3_000)
    }
    expect(await register({ Check: { HTTP: 'http://10.0.0.1/', Interval: '50ms' } })).toBe(400)
  })

  it('refuses what it does not understand', async () => {
    const { ask, put, register } = await setUp()
    expect(await register({ Name: '' })).toBe(400)
    expect((await ask('/v1/kv/a')).status).toBe(404)
    expect((await ask('/v1/health/service/orders?dc=mars')).text).toBe('No path to datacenter')
    expect(await put('/v1/agent/check/update/x', { Status: 'fine' })).toBe(404)
    expect((await ask('/v1/health/service/%E0%A4%A')).status).toBe(400)
  })

  it('says everything that is wrong with its options at once', async () => {
    const error = await consulRegistry({ port: -1, token: '', name: 'x' } as never).catch((thrown) => thrown)
    const paths = (error as ConfigInvalidError).problems.map(({ path }) => path)
    expect(paths).toEqual(['name', 'port', 'token'])
  })
})

it.each([
  ['10s', 10_000],
  ['1m30s', 90_000],
  ['1.5h', 5_400_000],
  ['300ms', 300],
  ['5', undefined],
  ['', undefined],
  ['1d', undefined],
])('reads the duration %s', (text, ms) => {
  expect(goDuration(text)).toBe(ms)
})
