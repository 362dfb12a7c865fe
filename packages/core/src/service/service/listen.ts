import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import { type AddressInfo, Server as NetServer } from 'node:net'
import { Server as TlsServer } from 'node:tls'
import { OptionCheck, show } from '../../foundation/config/index.js'
import { ClosedError } from '../../foundation/errors/index.js'
import type { Shutdown } from '../lifecycle/index.js'
import type { ServerAdapter, ServerRuntime } from '../server/index.js'
import { servedListener } from './served-listener.js'
import type { FastifyLike, ListenOptions, ListenTarget, SelfListening } from './service.js'
import { checkPort } from './service-options.js'

/** What listening needs of a service. */
export interface Listener {
  readonly runtime: ServerRuntime
  readonly shutdown: Shutdown
}

/** @throws {ConfigInvalidError} `CONFIG_INVALID` when there is nothing to listen with or no port to listen on. */
export function checkListen(app: unknown, options: ListenOptions, { runtime }: Listener): void {
  const check = new OptionCheck('listen()')
  const kind = kindOf(app)
  if (kind === 'unknown') {
    check.add(
      'app',
      `must be an Express application, a Fastify instance or a request listener, not ${show(app)}`,
    )
  }
  if (options === undefined) check.add('port', 'is missing; 0 picks a free one')
  else if (check.object('', options, ['port', 'host'])) {
    if (options.port === undefined) check.add('port', 'is missing; 0 picks a free one')
    checkPort(check, 'port', options.port)
    if (options.host !== undefined && typeof options.host !== 'string') {
      check.add('host', `must be a text, not ${show(options.host)}`)
    }
  }
  check.done()
  if (kind === 'listener' || runtime.adapterOf(app) !== undefined) return
  const remedy =
    kind === 'fastify'
      ? 'await app.register(holdfast, { service }) of @holdfast/fastify first'
      : 'app.use(holdfast(service)) of @holdfast/express first'
  check.add('app', `has not been given this service; ${remedy}`)
  check.done()
}

/** Listens with whatever `app` is. */
export function listenWith(app: ListenTarget, options: ListenOptions, listener: Listener): Promise<Server> {
  const { runtime, shutdown } = listener
  if (kindOf(app) === 'fastify') return listenWithFastify(app as FastifyLike, options, listener)
  const handle = app as RequestListener
  const adapter = runtime.adapterOf(app)
  const server = createServer(
    adapter === undefined ? servedListener(handle, runtime) : prepared(handle, adapter),
  )
  shutdown.track(server)
  return listening(server, options)
}

/** Has a server listen; rejects when it cannot. */
export async function listening(server: Server, { port, host }: ListenOptions): Promise<Server> {
  server.listen({ port, host })
  await once(server, 'listening')
  return server
}

/** The URL of a server from this machine. */
export function urlOf(server: Server, host: string | undefined): string {
  const { port } = server.address() as AddressInfo
  const isEveryInterface = host === undefined || host === '0.0.0.0' || host === '::'
  const name = isEveryInterface ? '127.0.0.1' : host
  return `${server instanceof TlsServer ? 'https' : 'http'}://${name.includes(':') ? `[${name}]` : name}:${port}`
}

async function listenWithFastify(
  app: FastifyLike,
  { port, host }: ListenOptions,
  { shutdown }: Listener,
): Promise<Server> {
  const server = app.server as Server
  shutdown.onShutdown('fastify', () => app.close())
  await app.ready()
  if (shutdown.state !== 'running') throw new ClosedError('the service stops before it listens')
  shutdown.track(server)
  if (host !== undefined) await app.listen({ port, host })
  else await listenEverywhere(app, port)
  for (const other of othersOf(app, server)) shutdown.track(other)
  return server
}

/** Servers that an application has made beside its own: Fastify has one for each further address of `localhost`. */
function othersOf(app: SelfListening, server: Server): readonly Server[] {
  const key = Object.getOwnPropertySymbols(app).find(({ description }) =>
    description?.endsWith('.serverBindings'),
  )
  const bindings: unknown = key && (app as unknown as Readonly<Record<symbol, unknown>>)[key]
  return Array.isArray(bindings) ? bindings.filter((one) => one instanceof NetServer && one !== server) : []
}

/** As Node does by itself: IPv6 with IPv4 in it, or IPv4 alone where the machine has no IPv6. */
async function listenEverywhere(app: FastifyLike, port: number): Promise<void> {
  try {
    await app.listen({ port, host: '::' })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'EAFNOSUPPORT' && code !== 'EADDRNOTAVAIL' && code !== 'EINVAL') throw error
    await app.listen({ port, host: '0.0.0.0' })
  }
}

/** An application behind what its adapter does first. */
function prepared(app: RequestListener, adapter: ServerAdapter): RequestListener {
  if (adapter.prepare === undefined) return app
  return (request, response) => {
    adapter.prepare?.(request, response)
    app(request, response)
  }
}

function kindOf(app: unknown): 'express' | 'fastify' | 'listener' | 'unknown' {
  if (typeof app === 'function') {
    const { handle, use } = app as { readonly handle?: unknown; readonly use?: unknown }
    return typeof handle === 'function' && typeof use === 'function' ? 'express' : 'listener'
  }
  if (typeof app !== 'object' || app === null) return 'unknown'
  const { ready, listen, server, close } = app as Partial<FastifyLike>
  const isFastify = [ready, listen, close].every((method) => typeof method === 'function')
  return isFastify && typeof server === 'object' ? 'fastify' : 'unknown'
}
