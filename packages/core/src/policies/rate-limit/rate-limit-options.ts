import { OptionCheck } from '../../foundation/config/index.js'
import type { RedisClient } from './redis-session.js'

/** Where replicas share a quota. Give either `client` or `url`. */
export interface RateLimitRedisOptions {
  /** An ioredis client; it is duplicated, and stays yours to close. */
  readonly client?: RedisClient
  /** A `redis:` or `rediss:` URL, for which the package `ioredis` must be installed. */
  readonly url?: string
  /** Name of the quota: all replicas with the same key share it. */
  readonly key: string
  /**
   * How long a call waits for Redis before the emergency quota holds, in milliseconds.
   * @default 50
   */
  readonly timeoutMs?: number
  /**
   * The emergency quota of each replica, as a share of `limit` and at least 1. Choose one over the number of replicas,
   * and they keep to the limit without Redis too.
   * @default 0.1
   */
  readonly emergencyRatio?: number
  /** The emergency quota of each replica as a number of calls. Instead of `emergencyRatio`. */
  readonly emergencyLimit?: number
}

/** Options of `rateLimit`. */
export interface RateLimitOptions {
  /** How many calls may begin in a window. */
  readonly limit: number
  /** Length of a window, in milliseconds; at least 100. */
  readonly intervalMs: number
  /**
   * How many calls may wait for their turn; 0 refuses at once.
   * @default 1000
   */
  readonly maxQueue?: number
  /**
   * How long a call may wait, in milliseconds; `false` for as long as its deadline allows.
   * @default false
   */
  readonly maxWaitMs?: number | false
  /**
   * Only reports whom it would have refused, and lets every call through at once.
   * @default false
   */
  readonly shadow?: boolean
  /** Shares the quota with other replicas. */
  readonly redis?: RateLimitRedisOptions
}

/** Where a quota is shared, and what holds without it. */
export interface ResolvedRedisOptions {
  readonly client: RedisClient | undefined
  readonly url: string | undefined
  readonly key: string
  readonly timeoutMs: number
  readonly emergencyLimit: number
}

/** The options of a rate limit, filled in. */
export interface ResolvedRateLimitOptions {
  readonly limit: number
  readonly intervalMs: number
  readonly maxQueue: number
  /** `Infinity` for no bound. */
  readonly maxWaitMs: number
  readonly shadow: boolean
  readonly redis: ResolvedRedisOptions | undefined
}

const rateLimitDefaults = Object.freeze({ maxQueue: 1000, maxWaitMs: false } as const)
const redisDefaults = Object.freeze({ timeoutMs: 50, emergencyRatio: 0.1 })

/** @throws {ConfigInvalidError} `CONFIG_INVALID` with everything that is wrong. */
export function resolveRateLimitOptions(options: RateLimitOptions): ResolvedRateLimitOptions {
  const check = new OptionCheck('rateLimit()')
  const names = ['limit', 'intervalMs', 'maxQueue', 'maxWaitMs', 'shadow', 'redis']
  if (check.object('', options ?? null, names)) {
    if (options.limit === undefined) check.add('limit', 'is missing; give a number of calls')
    if (options.intervalMs === undefined) check.add('intervalMs', 'is missing; give a number of milliseconds')
    check.number('limit', options.limit, { min: 1, integer: true })
    check.milliseconds('intervalMs', options.intervalMs, { min: 100, exclusive: false })
    check.number('maxQueue', options.maxQueue, { min: 0, integer: true })
    if (options.maxWaitMs !== false) check.milliseconds('maxWaitMs', options.maxWaitMs)
    check.boolean('shadow', options.shadow)
    if (check.object('redis', options.redis, redisNames) && options.redis) checkRedis(check, options.redis)
  }
  check.done()
  const { limit, intervalMs, maxQueue = rateLimitDefaults.maxQueue, shadow = false, redis } = options
  const maxWaitMs = options.maxWaitMs || Number.POSITIVE_INFINITY
  return { limit, intervalMs, maxQueue, maxWaitMs, shadow, redis: redis && resolveRedis(redis, limit) }
}

/**
 * Where a quota is kept cannot change while it is in use.
 * @throws {ConfigInvalidError} `CONFIG_INVALID` naming what cannot change.
 */
export function checkRateLimitChange(
  before: ResolvedRateLimitOptions,
  after: ResolvedRateLimitOptions,
): void {
  const check = new OptionCheck('rateLimit()')
  const remedy = 'cannot change while the rate limit is in use; make a new one'
  for (const name of ['client', 'url', 'key', 'timeoutMs'] as const) {
    if (before.redis?.[name] !== after.redis?.[name]) check.add(`redis.${name}`, remedy)
  }
  if (before.redis !== undefined && before.intervalMs !== after.intervalMs) {
    check.add('intervalMs', `of a quota in Redis ${remedy}`)
  }
  check.done()
}

const redisNames = ['client', 'url', 'key', 'timeoutMs', 'emergencyRatio', 'emergencyLimit']

function checkRedis(check: OptionCheck, redis: RateLimitRedisOptions): void {
  const { client, url, key } = redis
  if (client === undefined && url === undefined) check.add('redis', 'needs a client or a url')
  if (client !== undefined && url !== undefined) {
    check.add('redis.client', 'contradicts redis.url: give one of them')
  }
  if (client !== undefined && typeof client?.duplicate !== 'function') {
    check.add('redis.client', 'must be an ioredis client')
  } else if ((client as { readonly isCluster?: boolean } | undefined)?.isCluster === true) {
    check.add('redis.client', 'is a Redis Cluster, which is not supported; give a client of one node')
  }
  if (url !== undefined && !(URL.canParse(url) && /^rediss?:$/.test(new URL(url).protocol))) {
    // The value is not shown: it may hold a password.
    check.add('redis.url', 'must be a redis: or rediss: URL')
  }
  if (typeof key !== 'string' || key === '') check.add('redis.key', 'must be a name that is not empty')
  check.milliseconds('redis.timeoutMs', redis.timeoutMs)
  check.number('redis.emergencyRatio', redis.emergencyRatio, { min: 0, max: 1, exclusive: true })
  check.number('redis.emergencyLimit', redis.emergencyLimit, { min: 1, integer: true })
  if (redis.emergencyRatio !== undefined && redis.emergencyLimit !== undefined) {
    check.add('redis.emergencyRatio', 'contradicts redis.emergencyLimit: give one of them')
  }
}

function resolveRedis(redis: RateLimitRedisOptions, limit: number): ResolvedRedisOptions {
  const { client, url, key, timeoutMs = redisDefaults.timeoutMs } = redis
  const ratio = redis.emergencyRatio ?? redisDefaults.emergencyRatio
  const emergencyLimit = redis.emergencyLimit ?? Math.max(1, Math.floor(limit * ratio))
  return { client, url, key, timeoutMs, emergencyLimit }
}
