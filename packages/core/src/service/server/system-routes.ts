import { timingSafeEqual } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Metrics, MetricsRegistry } from '../../telemetry/metrics/index.js'
import { type HealthRegistry, type HealthReport, healthResponse } from '../health/index.js'
import { pathAsItCame } from './exchange.js'

/** What the system routes answer from. */
export interface SystemRoutesOptions {
  readonly identity: { readonly name: string; readonly version?: string | undefined }
  readonly health: HealthRegistry
  readonly metrics: Metrics<MetricsRegistry> | undefined
  readonly healthToken: string | undefined
}

type Probe = (health: HealthRegistry) => Promise<HealthReport>

const probes: Readonly<Record<string, Probe>> = Object.freeze({
  '/livez': (health: HealthRegistry) => health.live(),
  '/readyz': (health: HealthRegistry) => health.ready(),
  '/startupz': (health: HealthRegistry) => health.startup(),
  '/health': (health: HealthRegistry) => health.aggregate(),
})

const longestPath = '/startupz'.length
/** A proxy on the same machine speaks from the loopback address for callers who are not on it. */
const proxyHeaders = [
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-real-ip',
  'via',
]

/** `/livez`, `/readyz`, `/startupz`, `/health` and `/metrics`. */
export class SystemRoutes {
  readonly #options: SystemRoutesOptions

  constructor(options: SystemRoutesOptions) {
    this.#options = options
  }

  /** Whether the request is for a system route. */
  matches(method: string | undefined, url: string | undefined): boolean {
    if (url === undefined || (method !== 'GET' && method !== 'HEAD')) return false
    const path = pathOf(url)
    if (path.length > longestPath) return false
    return Object.hasOwn(probes, path) || (path === '/metrics' && this.#options.metrics !== undefined)
  }

  /** Answers a system route. */
  answer(request: IncomingMessage, response: ServerResponse, isManagement: boolean): void {
    const probe = probes[pathOf(pathAsItCame(request))]
    const answering =
      probe === undefined
        ? this.#metrics(request, response)
        : this.#probe(probe, request, response, isManagement)
    answering.catch(() => {
      if (response.headersSent) response.destroy()
      else response.writeHead(500).end()
    })
  }

  async #probe(
    probe: Probe,
    request: IncomingMessage,
    response: ServerResponse,
    isManagement: boolean,
  ): Promise<void> {
    const { health, identity } = this.#options
    const { status, headers, body } = healthResponse(await probe(health), {
      details: isManagement || this.#maySeeDetails(request),
      serviceId: identity.name,
      version: identity.version,
    })
    response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) })
    response.end(request.method === 'HEAD' ? undefined : body)
  }

  async #metrics(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { metrics } = this.#options
    if (metrics === undefined) return
    const { contentType, chunks } = metrics.expose(request.headers.accept)
    response.writeHead(200, { 'content-type': contentType, 'cache-control': 'no-store' })
    if (request.method === 'HEAD') response.end()
    // A scraper that hangs up in the middle is its own affair.
    else await pipeline(Readable.from(chunks), response).catch(() => response.destroy())
  }

  #maySeeDetails(request: IncomingMessage): boolean {
    const { healthToken } = this.#options
    if (healthToken !== undefined) return hasToken(request.headers.authorization, healthToken)
    return (
      isLoopback(request.socket.remoteAddress) && proxyHeaders.every((name) => !(name in request.headers))
    )
  }
}

function pathOf(url: string): string {
  const query = url.indexOf('?')
  return query < 0 ? url : url.slice(0, query)
}

function isLoopback(address: string | undefined): boolean {
  return address !== undefined && (address === '::1' || /^(?:::ffff:)?127\./.test(address))
}

function hasToken(authorization: string | undefined, token: string): boolean {
  const given = Buffer.from(authorization ?? '')
  const wanted = Buffer.from(`Bearer ${token}`)
  return given.length === wanted.length && timingSafeEqual(given, wanted)
}
