import type { ConformanceAdapter, ConformanceRoute } from '@holdfast/core/testing'
import { bodyParser } from '@koa/bodyparser'
import Router from '@koa/router'
import Koa from 'koa'
import { holdfast } from './koa-adapter.js'

/** Runs the adapter kit on Koa. */
export const adapter: ConformanceAdapter = {
  name: 'Koa 3',
  start(service, routes) {
    const app = new Koa()
    app.use(
      bodyParser({
        enableTypes: ['json'],
        onError: (error, context) => context.throw(400, 'the body is not JSON', { cause: error }),
      }),
    )
    for (const route of routes) app.use(routerOf(route).routes())
    return service.listen(holdfast(service, app), { port: 0 })
  },
}

function routerOf({ method, mount, path, handle }: ConformanceRoute): Router {
  const router = new Router(mount === undefined ? {} : { prefix: mount })
  router.register(path, [method], async (context) => {
    const { params, req, res, request } = context
    const value = await handle({
      ...{ params, body: request.body, request: req, response: res },
      setStatus(status) {
        context.status = status
      },
      setHeader: (name, header) => context.set(name, header),
    })
    if (value === undefined) context.respond = false
    else {
      context.type = 'json'
      context.body = JSON.stringify(value)
    }
  })
  return router
}
