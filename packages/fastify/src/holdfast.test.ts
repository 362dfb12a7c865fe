import { createLogger, createService, currentContext, type Service } from '@holdfast/core'
import Fastify from 'fastify'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { frameworkErrors, holdfast } from './index.js'

let service: Service
let lines: Record<string, unknown>[]

beforeEach(() => {
  lines = []
  const destination = { write: (line: string) => lines.push(JSON.parse(line)) }
  const logger = createLogger({ name: 'fastify', destination, pretty: false })
  service = createService({ name: 'fastify', signals: false, logger })
})

afterEach(() => service.shutdown())

describe('the Fastify plugin', () => {
  it('names routes with the prefixes of their plugins, also in routes that were added before it', async () => {
    const app = Fastify()
    app.get('/before/:id', async () => currentContext()?.route)
    await app.register(holdfast, { service })
    await app.register(
      async (scope) => {
        scope.get('/items/:id', async () => currentContext()?.route)
      },
      { prefix: '/tenants/:tenant' },
    )
    expect((await app.inject('/before/1')).body).toBe('/before/:id')
    expect((await app.inject('/tenants/1/items/2')).body).toBe('/tenants/:tenant/items/:id')
  })

  it('points at what Fastify has found in body, query and parameters', async () => {
    const app = Fastify()
    await app.register(holdfast, { service })
    const body = { type: 'object', required: ['a/b'], properties: { n: { type: 'integer' } } }
    const querystring = { type: 'object', properties: { page: { type: 'integer' } } }
    app.post('/orders', { schema: { body, querystring } }, async () => ({}))
    const missing = await app.inject({ method: 'POST', url: '/orders', payload: {} })
    expect(missing.statusCode).toBe(400)
    expect(missing.json().errors).toEqual([expect.objectContaining({ pointer: '#/a~1b' })])
    const query = await app.inject({ method: 'POST', url: '/orders?page=two', payload: { 'a/b': 1 } })
    expect(query.json().errors).toEqual([expect.objectContaining({ parameter: 'page', in: 'query' })])
  })

  it('counts a URL that Fastify cannot read, and answers it by its own means or by ours', async () => {
    const app = Fastify()
    await app.register(holdfast, { service })
    const { url } = await service.listen(app, { port: 0 })
    const response = await fetch(`${url}/%zz`)
    expect(response.status).toBe(400)
    expect(response.headers.get('x-correlation-id')).toMatch(/^[\da-f-]{36}$/)
    await expect.poll(() => lines.filter(({ msg }) => msg === 'request')).toHaveLength(1)
    const ours = Fastify({ frameworkErrors: frameworkErrors(service) })
    expect((await ours.inject('/%zz')).headers['content-type']).toMatch(/^application\/problem\+json/)
  })

  it('leaves errors alone where problems is false, and logs them', async () => {
    const app = Fastify()
    await app.register(holdfast, { service, problems: false })
    app.get('/fails', async () => {
      throw new Error('on purpose')
    })
    expect((await app.inject('/fails')).json()).toMatchObject({ message: 'on purpose' })
    await expect.poll(() => lines.find(({ msg }) => msg === 'request')).toBeDefined()
    expect(lines.find(({ msg }) => msg === 'request')?.err).toMatchObject({ message: 'on purpose' })
  })

  it('is refused twice, below the root, after other plugins and without a service', async () => {
    const twice = Fastify()
    await twice.register(holdfast, { service })
    await expect(twice.register(holdfast, { service })).rejects.toThrow(/registered twice/)

    const below = Fastify()
    await expect(
      below.register(async (scope) => {
        await scope.register(holdfast, { service })
      }),
    ).rejects.toThrow(/root instance/)

    const after = Fastify()
    await after.register(async (scope) => {
      scope.get('/x', async () => ({}))
    })
    await expect(after.register(holdfast, { service })).rejects.toThrow(/after other plugins/)
    await expect(Fastify().register(holdfast, {} as never)).rejects.toThrow(/service: is missing/)
  })

  it('takes no injected request for one whose caller left', async () => {
    const app = Fastify()
    await app.register(holdfast, { service })
    app.get('/ok', async () => ({}))
    app.post('/fails', async () => {
      throw new Error('on purpose')
    })
    expect((await app.inject('/ok')).statusCode).toBe(200)
    expect((await app.inject({ method: 'POST', url: '/fails', payload: { a: 1 } })).statusCode).toBe(500)
    await expect.poll(() => lines.filter(({ msg }) => msg === 'request')).toHaveLength(2)
    const requests = lines.filter(({ msg }) => msg === 'request')
    expect(requests.map(({ status, aborted }) => [status, aborted])).toEqual([
      [200, undefined],
      [500, undefined],
    ])
  })

  it('finds probes by the URL as it came, whatever rewriteUrl makes of it', async () => {
    const rewriteUrl = ({ url = '' }: { url?: string | undefined }) =>
      url.startsWith('/api/') ? url.slice(4) : `/v1${url}`
    const app = Fastify({ rewriteUrl })
    await app.register(holdfast, { service })
    app.get('/orders/:id', async () => ({}))
    const { url } = await service.listen(app, { port: 0 })
    expect((await fetch(`${url}/livez`)).status).toBe(200)
    expect((await fetch(`${url}/api/orders/7?a=1`)).status).toBe(200)
    expect((await fetch(`${url}/api/metrics`)).status).toBe(404)
    await expect.poll(() => lines.filter(({ msg }) => msg === 'request')).toHaveLength(2)
    expect(lines.find(({ route }) => route === '/orders/:id')?.path).toBe('/api/orders/7?a=1')
  })

  it('is missed by listen()', () => {
    expect(() => service.listen(Fastify(), { port: 0 })).toThrow(/app.register\(holdfast, \{ service \}\)/)
  })
})
