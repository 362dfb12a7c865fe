import { createLogger, createService, type Service } from '@holdfast/core'
import type { Application, NextFunction, Request, Response } from 'express'
import { afterEach, describe, expect, it } from 'vitest'
import { errorHandler, holdfast } from './index.js'
import type { ExpressModule } from './test-app.js'

let service: Service

afterEach(() => service?.shutdown())

export function quiet(lines: Record<string, unknown>[] = []): Service {
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

/** What the route of a request must be called, in one version of Express. */
export function describeRouteTemplates(name: string, version: ExpressModule): void {
  describe(`the template of a route in ${name}`, () => {
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
      expect(await of(build, '/tenants/users/users/7/orders/7')).toBe(
        '/tenants/:tenant/users/:user/orders/:id',
      )
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
}

export function ok(_request: Request, response: Response, _next: NextFunction): void {
  response.json({})
}
