import { type Grant, grantOf, LocalQuota, type Quota } from './quota.js'
import { loadIoRedis, RedisSession, type RedisTarget } from './redis-session.js'

/** Options of a shared quota. */
export interface SharedQuotaOptions extends RedisTarget {
  readonly limit: number
  readonly emergencyLimit: number
  /** How long a call waits for Redis and the emergency quota together. */
  readonly timeoutMs: number
  onDegraded(error: unknown): void
  onRestored(): void
}

/** Time for the emergency quota to answer in, within the timeout. */
const reserveMs = 5
const minRecoveryMs = 100
const maxRecoveryMs = 5000
/** bottleneck compares whole messages, which Redis 7 begins with `ERR`, so it does not recover by itself. */
const staleReply = /SETTINGS_KEY_NOT_FOUND|UNKNOWN_CLIENT|NOSCRIPT/

/** A quota shared through Redis, with one of this process alone for as long as Redis is away. */
export class SharedQuota implements Quota {
  #options: SharedQuotaOptions
  readonly #emergency: LocalQuota
  #opening: Promise<RedisSession> | undefined = undefined
  #session: RedisSession | undefined = undefined
  #state: 'shared' | 'degraded' | 'closed' = 'shared'
  #recovery: NodeJS.Timeout | undefined = undefined
  /** The first ticket of the last window that was found used up. */
  #exhausted: number | undefined = undefined
  /** Permits of the emergency quota's window that ends at `#unpaidUntil`. */
  #unpaid = 0
  #unpaidUntil = 0
  /** Loading a package may take longer than Redis is waited for, and is none of its faults. */
  readonly #loaded: Promise<unknown>

  constructor(options: SharedQuotaOptions) {
    this.#options = options
    this.#emergency = new LocalQuota(options.emergencyLimit, options.intervalMs)
    this.#loaded = options.client === undefined ? loadIoRedis() : Promise.resolve()
    this.#open().catch(() => {})
    this.#loaded.catch(() => {})
  }

  get degraded(): boolean {
    return this.#state === 'degraded'
  }

  get limit(): number {
    return this.degraded ? this.#emergency.limit : this.#options.limit
  }

  get lease(): number {
    return this.degraded ? this.#emergency.lease : 1
  }

  async take(wanted: number): Promise<Grant> {
    await this.#loaded
    if (this.#state === 'shared') {
      try {
        // One replica with a long queue must not take a whole window at once.
        return await within(
          Math.max(1, this.#options.timeoutMs - reserveMs),
          this.#draw(Math.min(wanted, Math.ceil(this.#options.limit / 8))),
        )
      } catch (error) {
        this.#degrade(error)
      }
    }
    const grant = await this.#emergency.take(wanted)
    this.#unpaid = grant.until === this.#unpaidUntil ? this.#unpaid + grant.permits : grant.permits
    this.#unpaidUntil = grant.until
    return grant
  }

  /** Another quota, for this replica: the others have to be told by themselves. */
  change({ limit, emergencyLimit }: Pick<SharedQuotaOptions, 'limit' | 'emergencyLimit'>): void {
    this.#options = { ...this.#options, limit, emergencyLimit }
    this.#emergency.change(emergencyLimit, this.#options.intervalMs)
    // A higher limit may have left something of the window that was used up.
    this.#exhausted = undefined
  }

  close(): void {
    this.#state = 'closed'
    clearTimeout(this.#recovery)
    this.#drop()
  }

  async #draw(wanted: number): Promise<Grant> {
    try {
      return await this.#drawFrom(await this.#open(), wanted)
    } catch (error) {
      if (!(error instanceof Error && staleReply.test(error.message))) throw error
      this.#drop()
      return this.#drawFrom(await this.#open(), wanted)
    }
  }

  async #drawFrom(session: RedisSession, wanted: number): Promise<Grant> {
    const window = await session.window()
    // It may be the last of a window that is used up: tickets drawn now would be missing from the next one.
    if (window.start === this.#exhausted) return { permits: 0, until: window.until, exhausted: true }
    const left = await session.draw(wanted)
    const grant = grantOf(window, this.#options.limit, left, wanted)
    if (grant.exhausted) this.#exhausted = window.start
    return grant
  }

  /** One session, opened once however many ask for it. */
  #open(): Promise<RedisSession> {
    if (this.#opening !== undefined) return this.#opening
    const opening = RedisSession.open(this.#options)
    this.#opening = opening
    opening.then(
      (session) => {
        if (this.#opening !== opening) return session.close()
        this.#session = session
        session.onEnd(() => {
          if (this.#session === session) this.#drop()
        })
      },
      () => {
        if (this.#opening === opening) this.#opening = undefined
      },
    )
    return opening
  }

  #drop(): void {
    this.#session?.close()
    this.#session = undefined
    this.#opening = undefined
    this.#exhausted = undefined
  }

  #degrade(error: unknown): void {
    if (this.#state !== 'shared') return
    this.#state = 'degraded'
    // A session that is still being opened may yet come: then it was only slow.
    if (this.#session !== undefined) this.#drop()
    this.#options.onDegraded(error)
    this.#recoverIn(minRecoveryMs)
  }

  /** What was used without Redis counts against the shared window too, or a short outage would exceed it. */
  async #payBack(session: RedisSession): Promise<void> {
    await session.window()
    const owed = performance.now() < this.#unpaidUntil ? this.#unpaid : 0
    if (owed > 0) await session.draw(owed)
    this.#unpaid -= owed
  }

  #recoverIn(delayMs: number): void {
    this.#recovery = setTimeout(() => void this.#recover(delayMs), delayMs).unref()
  }

  async #recover(delayMs: number): Promise<void> {
    try {
      const session = await this.#open()
      await within(this.#options.timeoutMs, this.#payBack(session))
      if (this.#state !== 'degraded') return
      this.#state = 'shared'
      this.#options.onRestored()
    } catch {
      if (this.#state !== 'degraded') return
      this.#drop()
      this.#recoverIn(Math.min(maxRecoveryMs, delayMs * 2))
    }
  }
}

function within<Value>(ms: number, promise: Promise<Value>): Promise<Value> {
  return new Promise((resolve, reject) => {
    const giveUp = () => reject(new Error(`Redis did not answer within ${ms} ms`))
    // Timers run before sockets are read: in a process that was busy the answer may be there, unread.
    const timer = setTimeout(() => setImmediate(giveUp), ms)
    promise.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}
