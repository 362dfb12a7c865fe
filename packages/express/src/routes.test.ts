import { createLogger, createService, type Service } from '@holdfast/core'
import express, { type Application } from 'express'
import express4 from 'express4'
import { afterEach, describe, expect, it } from 'vitest'
import { errorHandler, holdfast } from './index.js'
import type { ExpressModule } from './test-app.js'

const versions = { 'Express 5': express, 'Express 4': express4 } as unknown as Record<string, ExpressModule>
let service: Service

afterEach(() => service.shutdown())

function quiet(lines: Record<string, unknown>[] = []): Service {
  const destination = { write: (line: string) => lines.push(JSON.parse(line)) }
  return createService({
    name: 'routes',
    signals: false,
    logger: createLogger({ name: 'routes', destination, pretty: false }),
  })
}

/** The route that a request is logged with. */
async function routeOf(
  build: (app: Application) => void,
  path: string,
  options: { readonly method?: string; readonly express: ExpressModule; readonly last?: boolean },
): Promise<unknown> {
  const lines: Record<string, unknown>[] = []
  service = quiet(lines)
  const app = options.express()
  app.use(holdfast(service))
  build(app)
  if (options.last !== false) app.use(errorHandler(service))
  const { url } = await service.listen(app, { port: 0 })
  await (await fetch(url + path, { method: options.method ?? 'GET' })).text()
  await expect.poll(() => lines.filter(({ msg }) => msg === 'request')).toHaveLength(1)
  return lines.find(({ msg }) => msg === 'request')?.route
}

describe.each(Object.entries(versions))('the template of a route in %s', (_name, version) => {
  const of = (build: (app: Application) => void, path: string, method = 'GET', last = true) =>
    routeOf(build, path, { express: version, method, last })
  const routerWith = (path: string, handler = ok) => {
    const router = version.Router({ mergeParams: true })
    router.get(path, handler)
    return router
  }

  it('joins nested routers, whatever their parameters hold', async () => {
    const build = (app: Application) => {
      const outer = version.Router({ mergeParams: true })
      outer.use('/users/:user', routerWith('/orders/:id'))
      app.use('/tenants/:tenant/', outer)
    }
    expect(await of(build, '/tenants/users/users/7/orders/7')).toBe('/tenants/:tenant/users/:user/orders/:id')
  })

  it('is as registered for matches in another case', async () => {
    const build = (app: Application) => app.use('/api', routerWith('/Orders'))
    expect(await of(build, '/API/orders')).toBe('/api/Orders')
  })

  it('names all paths of an array, and regular expressions', async () => {
    expect(await of((app) => app.get(['/a', '/b/:id'], ok), '/b/1')).toBe('/a|/b/:id')
    await service.shutdown()
    expect(await of((app) => app.get(/^\/v\d+$/, ok), '/v7')).toBe('/^\\/v\\d+$/')
    await service.shutdown()
    expect(await of((app) => app.use(['/x', /^\/y\d/], routerWith('/z')), '/y7/z')).toBe('/x|/^\\/y\\d//z')
  })

  it('stays when an error reaches the handler of the application, also from a parameter', async () => {
    const fail = () => {
      throw new Error('on purpose')
    }
    expect(await of((app) => app.use('/mount', routerWith('/fails/:id', fail)), '/mount/fails/1')).toBe(
      '/mount/fails/:id',
    )
    await service.shutdown()
    const build = (app: Application) => {
      app.param('id', (_request, _response, next) => next(new Error('no such thing')))
      app.get('/things/:id', ok)
    }
    expect(await of(build, '/things/1')).toBe('/things/:id')
  })

  it('goes when a route passes the request on and nothing else answers', async () => {
    const build = (app: Application) => {
      app.get('/orders/:id', (_request, _response, next) => next())
      app.use(
        '/mount',
        routerWith('/passed/:id', (_request, _response, next) => next('route')),
      )
    }
    expect(await of(build, '/orders/1')).toBeUndefined()
    await service.shutdown()
    expect(await of(build, '/mount/passed/1')).toBeUndefined()
    await service.shutdown()
    expect(await of(build, '/orders/1', 'GET', false)).toBeUndefined()
  })

  it('is that of the second mount after the first has passed the request on', async () => {
    const build = (app: Application) => {
      app.use('/api', routerWith('/nothing'))
      app.use('/api/v1', routerWith('/orders/:id'))
    }
    expect(await of(build, '/api/v1/orders/1')).toBe('/api/v1/orders/:id')
  })

  it('joins sub-applications', async () => {
    const build = (app: Application) => {
      const inner = version()
      inner.get('/orders/:id', ok)
      app.use('/shops/:shop', inner)
    }
    expect(await of(build, '/shops/1/orders/2')).toBe('/shops/:shop/orders/:id')
  })

  it('is none for what Express answers OPTIONS with', async () => {
    expect(await of((app) => app.get('/orders/:id', ok), '/orders/1', 'OPTIONS')).toBeUndefined()
  })
})

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
})

function ok(_request: express.Request, response: express.Response, _next: express.NextFunction): void {
  response.json({})
}
