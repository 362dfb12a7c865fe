import {
  checkAll,
  checkByRules,
  type OptionCheck,
  type OptionRule,
  type OptionRules,
  optionRule,
} from '../../foundation/config/index.js'
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

/** The defaults of `rateLimit`. */
export const rateLimitDefaults = Object.freeze({
  maxQueue: 1000,
  maxWaitMs: false,
  shadow: false,
  redis: Object.freeze({ timeoutMs: 50, emergencyRatio: 0.1 }),
} as const)

const client: OptionRule = (check, path, value) => {
  if (value === undefined) return true
  if (typeof (value as Partial<RedisClient> | null)?.duplicate !== 'function') {
    return check.add(path, 'must be an ioredis client')
  }
  if ((value as { readonly isCluster?: boolean }).isCluster !== true) return true
  return check.add(path, 'is a Redis Cluster, which is not supported; give a client of one node')
}

// The value is not shown: it may hold a password.
const url: OptionRule = (check, path, value) =>
  value === undefined ||
  (URL.canParse(String(value)) && /^rediss?:$/.test(new URL(String(value)).protocol)) ||
  check.add(path, 'must be a redis: or rediss: URL')

const redisRules: OptionRules<RateLimitRedisOptions> = {
  client,
  url,
  key: (check, path, value) =>
    (typeof value === 'string' && value !== '') || check.add(path, 'must be a name that is not empty'),
  timeoutMs: optionRule.milliseconds(),
  emergencyRatio: optionRule.number({ min: 0, max: 1, exclusive: true }),
  emergencyLimit: optionRule.number({ min: 1, integer: true }),
}

const rules: OptionRules<RateLimitOptions> = {
  limit: optionRule.required('give a number of calls', optionRule.number({ min: 1, integer: true })),
  intervalMs: optionRule.required(
    'give a number of milliseconds',
    optionRule.milliseconds({ min: 100, exclusive: false }),
  ),
  maxQueue: optionRule.number({ min: 0, integer: true }),
  maxWaitMs: optionRule.orFalse(optionRule.milliseconds()),
  shadow: optionRule.boolean(),
  redis: (check, path, value) => {
    if (value === undefined) return true
    if (typeof value === 'object' && value !== null) checkSources(check, path, value)
    return checkByRules(check, path, value as RateLimitRedisOptions | null, redisRules)
  },
}

function checkSources(check: OptionCheck, path: string, redis: Partial<RateLimitRedisOptions>): void {
  if (redis.client === undefined && redis.url === undefined) check.add(path, 'needs a client or a url')
  if (redis.client !== undefined && redis.url !== undefined) {
    check.add(`${path}.client`, `contradicts ${path}.url: give one of them`)
  }
  if (redis.emergencyRatio !== undefined && redis.emergencyLimit !== undefined) {
    check.add(`${path}.emergencyRatio`, `contradicts ${path}.emergencyLimit: give one of them`)
  }
}

/**
 * Checks the options of a rate limit and fills them in.
 * @throws {ConfigInvalidError} `CONFIG_INVALID` with everything that is wrong.
 */
export function resolveRateLimitOptions(
  options: RateLimitOptions,
  subject = 'rateLimit()',
): ResolvedRateLimitOptions {
  checkAll(subject, (check) => checkByRules(check, '', options ?? null, rules))
  const { limit, intervalMs, redis } = options
  return {
    limit,
    intervalMs,
    maxQueue: options.maxQueue ?? rateLimitDefaults.maxQueue,
    maxWaitMs: options.maxWaitMs || Number.POSITIVE_INFINITY,
    shadow: options.shadow ?? rateLimitDefaults.shadow,
    redis: redis && resolveRedis(redis, limit),
  }
}

function resolveRedis(redis: RateLimitRedisOptions, limit: number): ResolvedRedisOptions {
  const { client, url, key, timeoutMs = rateLimitDefaults.redis.timeoutMs } = redis
  const ratio = redis.emergencyRatio ?? rateLimitDefaults.redis.emergencyRatio
  const emergencyLimit = redis.emergencyLimit ?? Math.max(1, Math.floor(limit * ratio))
  return { client, url, key, timeoutMs, emergencyLimit }
}

/**
 * Where a quota is kept cannot change while it is in use.
 * @throws {ConfigInvalidError} `CONFIG_INVALID` naming what cannot change.
 */
export function checkRateLimitChange(
  before: ResolvedRateLimitOptions,
  after: ResolvedRateLimitOptions,
): void {
  const remedy = 'cannot change while the rate limit is in use; make a new one'
  checkAll('rateLimit()', (check) => {
    for (const name of ['client', 'url', 'key', 'timeoutMs'] as const) {
      if (before.redis?.[name] !== after.redis?.[name]) check.add(`redis.${name}`, remedy)
    }
    if (before.redis !== undefined && before.intervalMs !== after.intervalMs) {
      check.add('intervalMs', `of a quota in Redis ${remedy}`)
    }
  })
}
