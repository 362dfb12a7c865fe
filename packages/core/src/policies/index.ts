export {
  type Bulkhead,
  type BulkheadEvents,
  type BulkheadOptions,
  type BulkheadRejection,
  bulkhead,
} from './bulkhead.js'
export {
  type BreakerState,
  type BreakerVerdict,
  type CircuitBreaker,
  type CircuitBreakerEvents,
  type CircuitBreakerOptions,
  circuitBreaker,
} from './circuit-breaker.js'
export { compose } from './compose.js'
export { Emitter, type Listener, type Unsubscribe } from './emitter.js'
export { type Abortable, Execution, type ExecutionContext, type Step, type Work } from './execution.js'
export { isLocalRefusal } from './local-refusal.js'
export { BasePolicy, type ExecuteOptions, type Policy } from './policy.js'
export { type GiveUpEvent, type RetryEvent, type RetryEvents, type RetryOptions, retry } from './retry.js'
export { type RetryBudget, type RetryBudgetOptions, retryBudget } from './retry-budget.js'
export { runWork } from './run-work.js'
export { linkTimeout, type TimeoutOf, type TimeoutOptions, timeout, timeoutErrors } from './timeout.js'
