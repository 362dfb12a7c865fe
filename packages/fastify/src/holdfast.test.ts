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

  it('is missed by listen()', () => {
    expect(() => service.listen(Fastify(), { port: 0 })).toThrow(/app.register\(holdfast, \{ service \}\)/)
  })
})
