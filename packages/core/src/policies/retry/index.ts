export { type GiveUpEvent, type RetryEvent, type RetryEvents, type RetryOptions, retry } from './retry.js'
export { type RetryBudget, type RetryBudgetOptions, resolveRetryBudget, retryBudget } from './retry-budget.js'
