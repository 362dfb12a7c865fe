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
export {
  type Bulkhead,
  type BulkheadEvents,
  type BulkheadRejection,
  bulkhead,
} from './bulkhead.js'
export { type BulkheadOptions, resolveBulkhead } from './bulkhead-options.js'
export type { LimitVerdict } from './limit-verdict.js'
