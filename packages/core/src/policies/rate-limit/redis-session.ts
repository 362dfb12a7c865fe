import Bottleneck from 'bottleneck'
import { ConfigInvalidError } from '../../foundation/errors/index.js'
import type { QuotaWindow } from './quota.js'

/** What `rateLimit` uses of an ioredis client. */
export interface RedisClient {
  /** Makes another connection with the same options; the client itself is never used, changed or closed. */
  duplicate(overrides?: Record<string, unknown>): unknown
}

/** The part of ioredis that is used; its types are not, because it is an optional peer. */
interface IoRedis {
  readonly stream?: { unref?(): void }
  on(event: 'connect' | 'end', listener: () => void): unknown
  on(event: 'error', listener: (error: Error) => void): unknown
  multi(): Transaction
}

interface Transaction {
  set(key: string, value: number, unit: 'PX', ms: number, condition: 'NX'): Transaction
  get(key: string): Transaction
  pttl(key: string): Transaction
  exec(): Promise<[Error | null, unknown][] | null>
}

interface RedisPackage {
  readonly Redis: new (url: string, options: Record<string, unknown>) => IoRedis
}

/** Where the quota is kept. */
export interface RedisTarget {
  readonly client?: RedisClient | undefined
  readonly url?: string | undefined
  readonly key: string
  readonly intervalMs: number
}

/** For a handshake; calls have a much shorter patience of their own. */
const connectTimeoutMs = 1000
const spareTtlMs = 600_000
/** bottleneck compares the clocks of the replicas: one that is this far behind is taken for dead and struck off. */
const clientTimeoutMs = 86_400_000

const connectionOptions = Object.freeze({
  connectTimeout: connectTimeoutMs,
  commandTimeout: connectTimeoutMs,
  enableOfflineQueue: false,
  lazyConnect: false,
  maxRetriesPerRequest: 0,
  // A session that has failed is thrown away whole: bottleneck does not find its way back after a restart of Redis.
  retryStrategy: () => null,
})

/** One connection to Redis, with bottleneck's shared reservoir on it. It is used until it first fails. */
export class RedisSession {
  readonly #client: IoRedis
  readonly #connection: Bottleneck.IORedisConnection
  readonly #counter: Bottleneck
  readonly #windowKey: string
  readonly #intervalMs: number
  #window: QuotaWindow | undefined = undefined

  private constructor(client: IoRedis, { key, intervalMs }: RedisTarget) {
    this.#client = client
    this.#intervalMs = intervalMs
    this.#connection = new Bottleneck.IORedisConnection({ client })
    const { subscriber } = this.#connection as unknown as { readonly subscriber: IoRedis }
    for (const one of [client, subscriber]) one.on('connect', () => one.stream?.unref?.())
    // Braces: Redis Cluster then keeps the keys of one quota together.
    const id = `holdfast:{${key}}`
    this.#windowKey = `b_${id}_window`
    this.#counter = new Bottleneck({
      id,
      connection: this.#connection,
      reservoir: 0,
      timeout: 2 * intervalMs + spareTtlMs,
      clientTimeout: clientTimeoutMs,
    })
  }

  /** @throws what went wrong, after a second at most. */
  static async open(target: RedisTarget): Promise<RedisSession> {
    const session = new RedisSession(await connect(target), target)
    try {
      await session.#ready()
      return session
    } catch (error) {
      session.close()
      throw error
    }
  }

  /** Calls `listener` when the connection is no more. */
  onEnd(listener: () => void): void {
    this.#client.on('end', listener)
  }

  /** Draws `wanted` tickets; returns what is left then. */
  draw(wanted: number): Promise<number> {
    return this.#counter.incrementReservoir(-wanted)
  }

  /** The current window, joined or begun. Redis ends it, by its own clock. */
  async window(): Promise<QuotaWindow> {
    if (this.#window !== undefined && performance.now() < this.#window.until) return this.#window
    const left = (await this.#counter.currentReservoir()) ?? 0
    const askedAt = performance.now()
    const key = this.#windowKey
    const transaction = this.#client.multi().set(key, left, 'PX', this.#intervalMs, 'NX').get(key).pttl(key)
    const replies = (await transaction.exec()) ?? []
    for (const [error] of replies) if (error !== null) throw error
    const [, start, ttlMs] = replies.map(([, reply]) => Number(reply))
    this.#window = { start: start ?? 0, until: askedAt + Math.max(1, ttlMs ?? 0) }
    return this.#window
  }

  close(): void {
    // The connection first: then the limiter does not try to unsubscribe on it, which would reject unheard.
    void this.#connection.disconnect(false)
    void this.#counter.disconnect(false)
  }

  /** bottleneck waits for a connection for ever, and does not say why there is none. */
  async #ready(): Promise<void> {
    const ready: Promise<unknown> = this.#counter.ready()
    await new Promise((resolve, reject) => {
      let lastError: Error | undefined
      const giveUp = (message: string) => reject(lastError ?? new Error(message))
      const timer = setTimeout(giveUp, connectTimeoutMs, 'Redis did not answer').unref()
      this.#client.on('error', (error) => {
        lastError = error
      })
      this.#client.on('end', () => giveUp('the connection to Redis was closed'))
      ready.then(resolve, reject).finally(() => clearTimeout(timer))
    })
  }
}

async function connect({ client, url }: RedisTarget): Promise<IoRedis> {
  if (client !== undefined) return client.duplicate({ ...connectionOptions }) as IoRedis
  const { Redis } = await loadIoRedis()
  return new Redis(url ?? '', { ...connectionOptions })
}

/** @throws {ConfigInvalidError} `CONFIG_INVALID` where the package is not installed. */
export async function loadIoRedis(): Promise<RedisPackage> {
  try {
    return (await import('ioredis')) as unknown as RedisPackage
  } catch (cause) {
    const message = "needs the package 'ioredis': install it, or pass a client as redis.client"
    throw new ConfigInvalidError('rateLimit()', [{ path: 'redis.url', message }], { cause })
  }
}
