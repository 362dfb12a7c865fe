export { adaptiveConcurrency } from './adaptive-concurrency.js'
export type {
  AdaptiveConcurrency,
  AdaptiveConcurrencyEvents,
  AdaptiveConcurrencyRejection,
} from './adaptive-concurrency-interface.js'
export {
  type AdaptiveConcurrencyOptions,
  checkAdaptiveOptions,
  resolveAdaptiveOptions,
} from './adaptive-options.js'
export type { BreakerVerdict } from './breaker-verdict.js'
export {
  type Bulkhead,
  type BulkheadEvents,
  type BulkheadOptions,
  type BulkheadRejection,
  bulkhead,
  resolveBulkhead,
} from './bulkhead.js'
export { type Chaos, type ChaosEvents, chaos } from './chaos.js'
export type { ChaosAnswer, ChaosError, ChaosInjection, ChaosKind, ChaosRange } from './chaos-faults.js'
export type { ChaosOptions } from './chaos-options.js'
export { circuitBreaker } from './circuit-breaker.js'
export type { BreakerState, CircuitBreaker, CircuitBreakerEvents } from './circuit-breaker-interface.js'
export { type CircuitBreakerOptions, resolveCircuitBreakerOptions } from './circuit-breaker-options.js'
export { compose } from './compose.js'
export { Emitter, type Listener, type Unsubscribe } from './emitter.js'
export { type Abortable, Execution, type ExecutionContext, type Step, type Work } from './execution.js'
export { type FallbackEvents, type FallbackFunction, type FallbackOptions, fallback } from './fallback.js'
export { type HedgeEvents, type HedgeOptions, hedge, hedgeAfter } from './hedge.js'
export { injectFault } from './inject-fault.js'
export type { LimitVerdict } from './limit-verdict.js'
export { BasePolicy, type ExecuteOptions, type Policy } from './policy.js'
export { rateLimit } from './rate-limit.js'
export type { RateLimit, RateLimitEvents, RateLimitRejection } from './rate-limit-interface.js'
export {
  checkRateLimitChange,
  type RateLimitOptions,
  type RateLimitRedisOptions,
  resolveRateLimitOptions,
} from './rate-limit-options.js'
export { reconfigure } from './reconfigure.js'
export type { RedisClient } from './redis-session.js'
export { type ChaosOption, checkChaos, resolveChaos } from './resolve-chaos.js'
export { type GiveUpEvent, type RetryEvent, type RetryEvents, type RetryOptions, retry } from './retry.js'
export { type RetryBudget, type RetryBudgetOptions, resolveRetryBudget, retryBudget } from './retry-budget.js'
export { untilAborted } from './run-work.js'
export { type Random, seededRandom } from './seeded-random.js'
export type { ShadowRejection } from './shadow-rejection.js'
export { sleep } from './sleep.js'
export { linkTimeout, type TimeoutOf, type TimeoutOptions, timeout, timeoutErrors } from './timeout.js'
export { guarded, guardedCondition, guardedRandom } from './user-function.js'
