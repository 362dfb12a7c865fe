export { backoffRules, budgetRule, checkBackoffOrder, type RetryOptions, retryDefaults } from './options.js'
export { type GiveUpEvent, type RetryEvent, type RetryEvents, retry } from './retry.js'
export { type RetryBudget, retryBudget } from './retry-budget.js'
export { type RetryBudgetOptions, resolveRetryBudget } from './retry-budget-options.js'
