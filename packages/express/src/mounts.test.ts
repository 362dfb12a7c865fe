import type { Service } from '@holdfast/core'
import express, { type Application } from 'express'
import express4 from 'express4'
import { afterEach, describe, expect, it } from 'vitest'
import { errorHandler, type Handler as Handle, holdfast } from './index.js'
import type { ExpressModule } from './test-app.js'
import { ok, quiet } from './test-routes.js'

let service: Service

afterEach(() => service.shutdown())

describe('mounting', () => {
  it.each([
    ['twice', (app: Application) => app.use(holdfast(service), holdfast(service)), /mounted twice/],
    ['after routes', (app: Application) => app.get('/x', ok).use(holdfast(service)), /mounted after routes/],
    [
      'after routers',
      (app: Application) => app.use(express.Router()).use(holdfast(service)),
      /mounted after routes/,
    ],
    ['below a path', (app: Application) => app.use('/api', holdfast(service)), /has a path in front/],
  ])('%s is refused by app.use()', (_name, mount, message) => {
    service = quiet()
    expect(() => mount(express())).toThrow(message)
  })

  it('without a service is refused at once', () => {
    service = quiet()
    for (const given of [undefined, {}, 'orders']) {
      expect(() => holdfast(given as never)).toThrow(/service: is missing/)
      expect(() => errorHandler(given as never)).toThrow(/service: is missing/)
    }
  })

  it('is refused by listen() when it is missing, or wrong in an Express of which nothing is known', () => {
    service = quiet()
    expect(() => service.listen(express(), { port: 0 })).toThrow(/app.use\(holdfast\(service\)\)/)
    const app = (express4 as unknown as ExpressModule)()
    app.get('/x', ok)
    app.use(holdfast(service))
    expect(() => service.listen(app, { port: 0 })).toThrow(/mounted after routes/)
  })

  it('is recognised behind a function that instrumentation has put in its place', async () => {
    service = quiet()
    const app = express()
    app.use(holdfast(service))
    const [layer] = (app as unknown as { router: { stack: { handle: Handle }[] } }).router.stack
    if (layer === undefined) throw new Error('nothing is mounted')
    const original = layer.handle
    // As instrumentation does: what can be enumerated is there too.
    layer.handle = Object.assign((...args: Parameters<Handle>) => original(...args), original)
    app.get('/x', ok)
    const { url } = await service.listen(app, { port: 0 })
    expect((await fetch(`${url}/x`)).status).toBe(200)
  })

  it('made before this package was loaded are named by what came, with the names of parameters', async () => {
    const lines: Record<string, unknown>[] = []
    service = quiet(lines)
    // Nothing is known of this copy of Express: it is not the one that the adapter imports.
    const version = express4 as unknown as ExpressModule
    const app = version()
    app.use(holdfast(service))
    const router = version.Router({ mergeParams: true })
    router.get('/orders/:id', ok)
    app.use('/tenants/:tenant', router)
    const { url } = await service.listen(app, { port: 0 })
    await (await fetch(`${url}/Tenants/acme/orders/1`)).text()
    await expect
      .poll(() => lines.find(({ msg }) => msg === 'request')?.route)
      .toBe('/tenants/:tenant/orders/:id')
  })
})
