export {
  type AdaptiveConcurrency,
  type AdaptiveConcurrencyEvents,
  type AdaptiveConcurrencyRejection,
  adaptiveConcurrency,
} from './adaptive-concurrency.js'
export type { AdaptiveConcurrencyOptions } from './adaptive-options.js'
export type { BreakerVerdict } from './breaker-verdict.js'
export {
  type Bulkhead,
  type BulkheadEvents,
  type BulkheadOptions,
  type BulkheadRejection,
  bulkhead,
} from './bulkhead.js'
export {
  type BreakerState,
  type CircuitBreaker,
  type CircuitBreakerEvents,
  circuitBreaker,
} from './circuit-breaker.js'
export type { CircuitBreakerOptions } from './circuit-breaker-options.js'
export { compose } from './compose.js'
export { Emitter, type Listener, type Unsubscribe } from './emitter.js'
export { type Abortable, Execution, type ExecutionContext, type Step, type Work } from './execution.js'
export { type FallbackEvents, type FallbackFunction, type FallbackOptions, fallback } from './fallback.js'
export { type HedgeEvents, type HedgeOptions, hedge } from './hedge.js'
export type { LimitVerdict } from './limit-verdict.js'
export { BasePolicy, type ExecuteOptions, type Policy } from './policy.js'
export {
  type RateLimit,
  type RateLimitEvents,
  type RateLimitRejection,
  rateLimit,
} from './rate-limit.js'
export type { RateLimitOptions, RateLimitRedisOptions } from './rate-limit-options.js'
export type { RedisClient } from './redis-session.js'
export { type GiveUpEvent, type RetryEvent, type RetryEvents, type RetryOptions, retry } from './retry.js'
export { type RetryBudget, type RetryBudgetOptions, retryBudget } from './retry-budget.js'
export { untilAborted } from './run-work.js'
export { linkTimeout, type TimeoutOf, type TimeoutOptions, timeout, timeoutErrors } from './timeout.js'
