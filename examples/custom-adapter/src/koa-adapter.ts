import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { ProblemError, type Service } from '@holdfast/core'
import { exchangeOf, type RequestTurn, runtimeOf, sendProblem } from '@holdfast/core/server'
import type Koa from 'koa'
import type { Context, Next } from 'koa'

/** The listener of a Koa application that is part of a service: give it to `service.listen`. */
export function holdfast(service: Service, app: Koa): RequestListener {
  const runtime = runtimeOf(service, 'holdfast()')
  nameRoutes(app)
  app.middleware.unshift(checkUrl, answerUnknown)
  app.context.onerror = function (this: Context, error: unknown) {
    // Koa calls this at the end of every answer, mostly with nothing.
    if (error === undefined || error === null) return
    const status = isStatusSet(this) ? this.status : undefined
    sendProblem(this.res, runtime.fail(error, this.req, { status }))
  }
  const handle = app.callback()
  const listener: RequestListener = (request, response) => {
    runtime.serve(request, response, new KoaTurn(handle, request, response))
  }
  runtime.use({ owns: (target) => target === listener })
  return listener
}

class KoaTurn implements RequestTurn {
  readonly #handle: ReturnType<Koa['callback']>
  readonly #request: IncomingMessage
  readonly #response: ServerResponse

  constructor(handle: ReturnType<Koa['callback']>, request: IncomingMessage, response: ServerResponse) {
    this.#handle = handle
    this.#request = request
    this.#response = response
  }

  /** What goes wrong in Koa ends in `onerror`, so that there is no promise to give. */
  proceed(): void {
    const handle = this.#handle
    void handle(this.#request, this.#response)
  }

  refuse: RequestTurn['refuse'] = (problem, response) => sendProblem(response, problem)
}

async function checkUrl(context: Context, next: Next): Promise<void> {
  try {
    decodeURIComponent(context.path)
  } catch {
    throw new ProblemError(400, 'the path is not well-formed')
  }
  await next()
}

async function answerUnknown(context: Context, next: Next): Promise<void> {
  await next()
  const isAnswered = context.body !== undefined && context.body !== null
  if (isAnswered || context.status !== 404 || isStatusSet(context) || context.respond === false) return
  throw new ProblemError(404, 'there is no such resource')
}

/** Koa begins every answer with 404, and remembers whether that was replaced. */
function isStatusSet({ response }: Context): boolean {
  return (response as { readonly _explicitStatus?: boolean })._explicitStatus === true
}

/** The router tells the template of the route that it has matched by setting a property of the context. */
function nameRoutes(app: Koa): void {
  Object.defineProperty(app.context, '_matchedRoute', {
    configurable: true,
    get(this: Context) {
      return exchangeOf(this.req)?.route
    },
    set(this: Context, route: unknown) {
      const exchange = exchangeOf(this.req)
      if (exchange !== undefined && typeof route === 'string') exchange.route = route
    },
  })
}
