export type { BreakerVerdict } from './breaker-verdict.js'
export { circuitBreaker } from './circuit-breaker.js'
export type { BreakerState, CircuitBreaker, CircuitBreakerEvents } from './circuit-breaker-interface.js'
export { type CircuitBreakerOptions, resolveCircuitBreakerOptions } from './options.js'
