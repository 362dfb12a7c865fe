import { afterEach, describe, expect, it, vi } from 'vitest'
import { bulkhead } from '../../policies/index.js'
import { createService, type Service } from '../../service/service/index.js'
import { currentContext, runWithContext } from './index.js'

let service: Service | undefined
afterEach(() => service?.shutdown())

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const idNow = () => currentContext()?.correlationId

describe('work that queues', () => {
  it('has the context of its own request, whichever one lets it go on', async () => {
    service = createService({ name: 'shop', logLevel: 'fatal', signals: false })
    const one = bulkhead({ maxConcurrent: 1 })
    const { url } = await service.listen(
      async (_, response) => {
        const seen = await one.execute(async () => {
          const before = idNow()
          await sleep(2)
          return [before, idNow()]
        })
        response.end(JSON.stringify([...new Set([...seen, idNow()])]))
      },
      { port: 0, host: '127.0.0.1' },
    )
    const ids = Array.from({ length: 20 }, (_, index) => `queued-${index}-id`)
    const ask = async (id: string) => (await fetch(url, { headers: { 'x-correlation-id': id } })).json()
    expect(await Promise.all(ids.map(ask))).toEqual(ids.map((id) => [id]))
  })
})

describe('two copies of the package in one process', () => {
  it('share the context of a request, and each reads what the other began', async () => {
    vi.resetModules()
    const copy: typeof import('./index.js') = await import('./index.js')
    expect(copy.currentContext).not.toBe(currentContext)
    runWithContext({ correlationId: 'order-4711', timeoutMs: 5_000 }, () => {
      expect(copy.currentContext()?.correlationId).toBe('order-4711')
      expect(copy.currentContext()?.remainingMs()).toBeGreaterThan(0)
      copy.detached(() =>
        expect([idNow(), currentContext()?.remainingMs()]).toEqual(['order-4711', Infinity]),
      )
    })
    copy.runWithContext({ correlationId: 'order-4712' }, () => expect(idNow()).toBe('order-4712'))
    expect([idNow(), copy.currentContext()]).toEqual([undefined, undefined])
  })

  it('carry the request that one of them serves into the calls of the other', async () => {
    service = createService({ name: 'shop', logLevel: 'fatal', signals: false })
    vi.resetModules()
    const { createClient }: typeof import('../../client/index.js') = await import('../../client/index.js')
    const { defineContract }: typeof import('../../contract/index.js') = await import(
      '../../contract/index.js'
    )
    const shop = defineContract('shop', { inner: { method: 'GET', path: '/inner', response: 'text' } })
    let inner = (): Promise<unknown> => Promise.resolve()
    const { url } = await service.listen(
      async ({ url: path }, response) => {
        response.setHeader('content-type', 'text/plain')
        response.end(path === '/inner' ? idNow() : `${await inner()}`)
      },
      { port: 0, host: '127.0.0.1' },
    )
    const client = createClient(shop, { baseUrl: url })
    inner = () => client.inner()
    const answer = await fetch(`${url}/outer`, { headers: { 'x-correlation-id': 'order-4711' } })
    expect(await answer.text()).toBe('order-4711')
    await client.$close()
  })
})
