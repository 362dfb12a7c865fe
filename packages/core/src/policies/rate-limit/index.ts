export {
  checkRateLimitChange,
  type RateLimitOptions,
  type RateLimitRedisOptions,
  resolveRateLimitOptions,
} from './options.js'
export { rateLimit } from './rate-limit.js'
export type { RateLimit, RateLimitEvents, RateLimitRejection } from './rate-limit-interface.js'
export type { RedisClient } from './redis-session.js'
