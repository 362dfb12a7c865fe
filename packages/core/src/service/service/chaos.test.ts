import { describe, expect, it, onTestFinished } from 'vitest'
import { createClient } from '../../client/index.js'
import { defineContract } from '../../contract/index.js'
import { type Chaos, chaos } from '../../policies/index.js'
import { ProblemError } from '../problems/index.js'
import { createService } from './create-service.js'
import type { ServiceOptions } from './service-options.js'

const orders = defineContract('orders', { list: { method: 'GET', path: '/orders' } })

/** A service of a bare listener, with what it logs at `warn`. */
async function open(given: ServiceOptions['chaos']) {
  const warned: unknown[] = []
  const logger = { level: 'warn', warn: (_fields: object, message: string) => warned.push(message) }
  const all = { trace() {}, debug() {}, info() {}, error() {}, fatal() {}, child: () => all, ...logger }
  const service = createService({ name: 'orders', signals: false, logger: all as never, chaos: given })
  onTestFinished(() => void service.shutdown())
  const { url } = await service.listen((_, response) => response.end('[]'), { port: 0, host: '127.0.0.1' })
  return { service, url, warned }
}

describe('a service with chaos', () => {
  it('injects it in front of a bare listener; clients know what it made', async () => {
    const { url } = await open({ errors: { status: 503, retryAfterMs: 2_000 }, enabled: true })
    const client = createClient(orders, { baseUrl: url, retry: false })
    onTestFinished(() => client.$close())
    await expect(client.list()).rejects.toMatchObject({ status: 503, injected: true, retryAfterMs: 2_000 })
    expect((await fetch(`${url}/readyz`)).status).toBe(200)
  })

  it('waits for an error that is made later', async () => {
    const failure = new ProblemError(418, 'mine')
    const { url } = await open({ errors: () => Promise.reject(failure), enabled: true })
    expect((await fetch(url)).status).toBe(418)
  })

  it('says that it is on, and when it is switched, until the service has shut down', async () => {
    const faults: Chaos = chaos({ errors: 503, enabled: true })
    const { service, warned } = await open(faults)
    faults.disable()
    await service.shutdown()
    faults.enable()
    expect(warned).toEqual(['chaos is on', 'chaos is off'])
  })

  it('says nothing of chaos that is off', async () => {
    const { url, warned } = await open({ errors: 503 })
    expect(await (await fetch(url)).text()).toBe('[]')
    expect(warned).toEqual([])
  })

  it('refuses bad options beside those of its own', () => {
    const wrong = { name: '', chaos: { latency: -1, rate: 7, status: 503 } }
    expect(() => createService(wrong as never)).toThrow(
      /name: .*chaos\.status: is not an option.*chaos\.latency: .*chaos\.rate: /s,
    )
    expect(() => createService({ name: 'orders', chaos: true } as never)).toThrow(/chaos: must be an object/)
  })
})
