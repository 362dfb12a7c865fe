import { ConfigInvalidError, ProblemError, type Service } from '@holdfast/core'
import { exchangeOf, runtimeOf } from '@holdfast/core/server'
import type { FastifyError, FastifyInstance, FastifyPluginAsync } from 'fastify'
import { followHijacks } from './follow-hijacks.js'
import { ReplyTurn } from './reply-turn.js'
import { sendProblem } from './send-problem.js'
import { validationProblem } from './validation-problem.js'

/** Options of the plugin. */
export interface HoldfastOptions {
  /** The service that the instance belongs to. */
  readonly service: Service
  /**
   * Whether errors and unknown routes are answered with `application/problem+json`. `false` for handlers of your own.
   * @default true
   */
  readonly problems?: boolean
}

const decorator = 'holdfast'
/** Fastify's default. */
const maxParamLength = 100

const plugin: FastifyPluginAsync<HoldfastOptions> = async (fastify, options) => {
  const runtime = runtimeOf(options.service, 'holdfast plugin')
  checkMount(fastify)
  fastify.decorate(decorator, options.service)
  runtime.use({ owns: (app) => isMounted(app, options.service) })

  // Before Fastify's own listener: it runs no hooks for a URL that it cannot read.
  fastify.server.prependListener('request', (request, response) => {
    if (runtime.isSystemRoute(request.method, request.url)) return
    const { correlationId } = runtime.begin(request, response)
    if (mayBeUnreadable(request.url ?? '')) response.setHeader('x-correlation-id', correlationId)
  })
  fastify.addHook('onRequest', (request, reply, next) => {
    followHijacks(reply)
    const turn = new ReplyTurn(request, reply, next)
    // The answer to a system route is on its way, and past Fastify.
    if (runtime.serve(request.raw, reply.raw, turn) === undefined) reply.hijack()
  })
  if (options.problems === false) {
    fastify.addHook('onError', (request, _reply, error, next) => {
      exchangeOf(request.raw)?.fail(error)
      next()
    })
  } else {
    fastify.setErrorHandler<FastifyError>((error, request, reply) => {
      const origin = { status: reply.statusCode, isFrameworks: isFrameworks(error) }
      const problem = runtime.fail(validationProblem(error), request.raw, origin)
      if (reply.raw.headersSent) reply.raw.destroy()
      else sendProblem(reply, problem)
    })
    fastify.setNotFoundHandler((request, reply) => {
      sendProblem(reply, runtime.fail(new ProblemError(404, 'there is no such resource'), request.raw))
    })
  }
}

/**
 * The plugin that makes a Fastify instance part of a service: request context, correlation id, log line, metrics and
 * span of each request, the routes for health and metrics, and errors as `application/problem+json`. Register it
 * first, on the root instance.
 *
 * @throws {ConfigInvalidError} `CONFIG_INVALID`, when it is registered without a service, twice, after other plugins,
 * or on an instance that is not the root.
 * @example
 * ```ts
 * import { createService } from '@holdfast/core'
 * import { holdfast } from '@holdfast/fastify'
 * import Fastify from 'fastify'
 *
 * const service = createService({ name: 'orders' })
 * const app = Fastify()
 * await app.register(holdfast, { service })
 * app.get('/orders/:id', async () => ({ id: '42' }))
 * const { url } = await service.listen(app, { port: 0 })
 * console.log((await fetch(`${url}/orders/42`)).status) // 200
 * await service.shutdown()
 * ```
 */
export const holdfast: FastifyPluginAsync<HoldfastOptions> = Object.assign(plugin, {
  // What fastify-plugin does: the hooks are for the instance that registers this, not for one of its own.
  [Symbol.for('skip-override')]: true,
  [Symbol.for('fastify.display-name')]: '@holdfast/fastify',
  [Symbol.for('plugin-meta')]: { name: '@holdfast/fastify', fastify: '5.x' },
})

/** Fastify and its plugins sign their errors so; `code` of others is what the system or a driver says. */
function isFrameworks({ code }: Partial<FastifyError>): boolean {
  return typeof code === 'string' && code.startsWith('FST_')
}

/** A percent sign may be malformed and a parameter too long; a header set here costs too much to set it always. */
function mayBeUnreadable(url: string): boolean {
  return url.length > maxParamLength || url.includes('%')
}

function isMounted(app: unknown, service: Service): boolean {
  return (app as { readonly [decorator]?: unknown })[decorator] === service
}

function checkMount(fastify: FastifyInstance): void {
  if (fastify.hasDecorator(decorator)) refuse('is registered twice; register it once')
  if (!Object.hasOwn(fastify, 'addHook')) refuse('is not registered on the root instance')
  const key = Object.getOwnPropertySymbols(fastify).find(
    ({ description }) => description === 'fastify.children',
  )
  const children = key === undefined ? [] : (fastify as unknown as Record<symbol, readonly unknown[]>)[key]
  // Hooks reach the routes of the instance whenever they were added, but never those of a plugin already loaded.
  if (children !== undefined && children.length > 0) {
    refuse('is registered after other plugins, whose routes it would not see; register it first')
  }
}

function refuse(message: string): never {
  throw new ConfigInvalidError('holdfast plugin', [{ path: 'app.register', message }])
}
