import type { ConformanceAdapter, ConformanceRoute } from '@holdfast/core/testing'
import type { Application, NextFunction, Request, Response, Router } from 'express'
import { errorHandler, holdfast } from './index.js'

/** An Express of one version. */
export interface ExpressModule {
  (): Application
  json(): (request: Request, response: Response, next: NextFunction) => void
  Router(options?: { mergeParams?: boolean }): Router
}

/** Runs the conformance suite on one version of Express. */
export function expressAdapter(name: string, express: ExpressModule): ConformanceAdapter {
  return {
    name,
    start(service, routes) {
      const app = express()
      app.use(holdfast(service))
      app.use(express.json())
      for (const route of routes) add(app, route, express)
      app.use(errorHandler(service))
      return service.listen(app, { port: 0 })
    },
  }
}

function add(
  app: Application,
  { method, mount, path, handle }: ConformanceRoute,
  express: ExpressModule,
): void {
  const router = express.Router({ mergeParams: true })
  const verb = method === 'GET' ? 'get' : 'post'
  router[verb](path, (request, response, next) => {
    const { params, body } = request as { params: Record<string, string>; body: unknown }
    const hasBody =
      typeof body === 'object' && body !== null && request.headers['content-type'] === 'application/json'
    const setStatus = (status: number) => void response.status(status)
    const setHeader = (name: string, value: string) => void response.set(name, value)
    const call = { params, body: hasBody ? body : undefined, request, response, setStatus, setHeader }
    Promise.resolve()
      .then(() => handle(call))
      .then((value) => {
        if (value !== undefined) response.json(value)
      })
      .catch((error: unknown) => next(error ?? new Error('nothing was thrown')))
  })
  app.use(mount ?? '/', router)
}
