export { rateLimit } from './rate-limit.js'
export type { RateLimit, RateLimitEvents, RateLimitRejection } from './rate-limit-interface.js'
export {
  checkRateLimitChange,
  type RateLimitOptions,
  type RateLimitRedisOptions,
  resolveRateLimitOptions,
} from './rate-limit-options.js'
export type { RedisClient } from './redis-session.js'
