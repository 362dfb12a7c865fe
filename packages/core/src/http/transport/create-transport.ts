import { type Dispatcher, Pool } from 'undici'
import { showUrl } from '../../foundation/config/index.js'
import { ClosedError, InvalidInputError } from '../../foundation/errors/index.js'
import { type ConnectionProgress, trackProgress } from './connection-phase.js'
import { createConnector } from './connector.js'
import { createProxy, type ProxyOptions } from './proxy.js'
import type { TlsOptions } from './tls-options.js'

/** Options of `createTransport`. */
export interface TransportOptions {
  /** Connections an origin. undici queues what exceeds them, so the concurrency limit should be no larger. */
  readonly connections: number
  /**
   * Milliseconds for the lookup, the connection and the TLS handshake together.
   * @default 1000
   */
  readonly connectTimeoutMs?: number | undefined
  /**
   * Whether to speak HTTP/2 with servers that offer it over TLS.
   * @default false
   */
  readonly http2?: boolean | undefined
  /** A proxy's URL, with a token if it wants one, or `'env'` for `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY`. */
  readonly proxy?: ProxyOptions | undefined
  /** Used for everything instead of pools of one's own, and never closed. */
  readonly dispatcher?: Dispatcher | undefined
  readonly tls?: TlsOptions | undefined
}

/** What the connections to one origin are doing. */
export interface OriginStats {
  /** Open connections. */
  readonly connected: number
  /** Open connections without a request. */
  readonly free: number
  /** Requests on a connection. */
  readonly running: number
  /** Requests that wait for a connection. */
  readonly waiting: number
}

/** Where requests are dispatched: a pool for each origin, a proxy, or the user's own dispatcher. */
export interface Transport {
  /** @throws {ClosedError} `CLOSED` after `close()`. */
  dispatcherFor(origin: string): Dispatcher
  /** Waits for the requests in flight, then closes the connections. */
  close(): Promise<void>
  /** Breaks off what is in flight with `CLOSED`. */
  destroy(): Promise<void>
  /** By origin; empty with a proxy or a dispatcher of the user's. */
  stats(): Record<string, OriginStats>
}

/** Beyond this many origins, which only redirects or a proxying service reach, idle pools are closed. */
const maxOrigins = 100

/** Makes the connections of a client. Nothing is opened before the first request. */
export function createTransport(options: TransportOptions): Transport {
  const { dispatcher } = options
  if (dispatcher !== undefined) return new SharedTransport(dispatcher, false)
  if (options.proxy !== undefined) {
    return new SharedTransport(createProxy(options.proxy, withDefaults(options)), true)
  }
  return new PooledTransport(options)
}

function withDefaults({ connections, connectTimeoutMs = 1000, http2 = false, tls }: TransportOptions) {
  return { connections, connectTimeoutMs, http2, tls }
}

class SharedTransport implements Transport {
  readonly #dispatcher: Dispatcher
  readonly #isOwned: boolean
  #isClosed = false

  constructor(dispatcher: Dispatcher, isOwned: boolean) {
    this.#dispatcher = dispatcher
    this.#isOwned = isOwned
  }

  dispatcherFor(): Dispatcher {
    if (this.#isClosed) throw new ClosedError()
    return this.#dispatcher
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    if (this.#isOwned) await this.#dispatcher.close()
  }

  async destroy(): Promise<void> {
    this.#isClosed = true
    if (this.#isOwned) await this.#dispatcher.destroy()
  }

  stats(): Record<string, OriginStats> {
    return {}
  }
}

interface PoolEntry {
  readonly origin: string
  readonly pool: Pool
  usedAt: number
}

class PooledTransport implements Transport {
  readonly #options: ReturnType<typeof withDefaults>
  readonly #entries = new Map<string, PoolEntry>()
  #latest: PoolEntry | undefined = undefined
  #uses = 0
  #isClosed = false

  constructor(options: TransportOptions) {
    this.#options = withDefaults(options)
  }

  dispatcherFor(origin: string): Dispatcher {
    const latest = this.#latest
    if (latest !== undefined && latest.origin === origin) return latest.pool
    if (this.#isClosed) throw new ClosedError()
    const entry = this.#entries.get(origin) ?? this.#open(origin)
    entry.usedAt = ++this.#uses
    this.#latest = entry
    return entry.pool
  }

  #open(origin: string): PoolEntry {
    if (this.#entries.size >= maxOrigins) this.#closeLeastUsed()
    const { connections, http2 } = this.#options
    const progress: ConnectionProgress = { lookups: 0, connecting: 0 }
    const connect = createConnector(this.#options, progress)
    const entry = { origin, pool: openPool(origin, { connections, allowH2: http2, connect }), usedAt: 0 }
    trackProgress(entry.pool, progress)
    this.#entries.set(origin, entry)
    return entry
  }

  #closeLeastUsed(): void {
    let idle: PoolEntry | undefined
    for (const entry of this.#entries.values()) {
      const isOlder = idle === undefined || entry.usedAt < idle.usedAt
      if (isOlder && entry.pool.stats.size === 0) idle = entry
    }
    if (idle === undefined) return
    this.#entries.delete(idle.origin)
    if (this.#latest === idle) this.#latest = undefined
    void idle.pool.close()
  }

  async close(): Promise<void> {
    await Promise.all(this.#retire().map((pool) => (pool.closed ? undefined : pool.close())))
  }

  async destroy(): Promise<void> {
    const pools = [...this.#entries.values()].map(({ pool }) => pool)
    this.#retire()
    await Promise.all(pools.map((pool) => pool.destroy()))
  }

  #retire(): Pool[] {
    this.#isClosed = true
    this.#latest = undefined
    return [...this.#entries.values()].map(({ pool }) => pool)
  }

  stats(): Record<string, OriginStats> {
    const stats: Record<string, OriginStats> = {}
    for (const { origin, pool } of this.#entries.values()) {
      const { connected, free, running, pending } = pool.stats
      stats[origin] = { connected, free, running, waiting: pending }
    }
    return stats
  }
}

function openPool(origin: string, options: Pool.Options): Pool {
  try {
    return new Pool(origin, options)
  } catch {
    // The error of a URL holds all of it, and there may be a password in it.
    const message = `is no origin of an http: or https: URL: ${showUrl(origin)}`
    throw new InvalidInputError('transport', [{ path: 'origin', message }])
  }
}
