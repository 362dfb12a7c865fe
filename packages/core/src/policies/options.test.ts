import { describe, expect, it } from 'vitest'
import { chaosDefaults, resolveChaosOptions } from './chaos/options.js'
import { circuitBreakerDefaults, resolveCircuitBreakerOptions } from './circuit-breaker/options.js'
import { adaptiveDefaults, resolveAdaptiveOptions } from './concurrency/adaptive-options.js'
import { bulkheadDefaults, resolveBulkhead } from './concurrency/bulkhead-options.js'
import { resolveFallbackOptions } from './fallback/options.js'
import { hedgeDefaults, resolveHedgeOptions } from './hedge/options.js'
import { rateLimitDefaults, resolveRateLimitOptions } from './rate-limit/options.js'
import { resolveRetryOptions, retryDefaults } from './retry/options.js'
import { resolveRetryBudget, retryBudgetDefaults } from './retry/retry-budget-options.js'
import { resolveTimeoutOptions, timeoutDefaults } from './timeout/options.js'

interface Case {
  readonly name: string
  readonly resolve: (options: never) => object
  readonly defaults: object
  /** What must be given. */
  readonly required?: object
  /** Of defaults that are not the same when filled in. */
  readonly filledIn?: object
}

const cases: Case[] = [
  {
    name: 'timeout',
    resolve: resolveTimeoutOptions,
    defaults: timeoutDefaults,
    required: { timeoutMs: 5 },
  },
  { name: 'retry', resolve: resolveRetryOptions, defaults: retryDefaults },
  { name: 'retryBudget', resolve: resolveRetryBudget, defaults: retryBudgetDefaults },
  {
    name: 'circuitBreaker',
    resolve: resolveCircuitBreakerOptions,
    defaults: circuitBreakerDefaults,
    filledIn: { maxOpenMs: expect.any(Function) },
  },
  { name: 'bulkhead', resolve: resolveBulkhead, defaults: bulkheadDefaults },
  {
    name: 'rateLimit',
    resolve: resolveRateLimitOptions,
    defaults: rateLimitDefaults,
    required: { limit: 10, intervalMs: 100, redis: { url: 'redis://127.0.0.1', key: 'quota' } },
    filledIn: { maxWaitMs: Number.POSITIVE_INFINITY, redis: { timeoutMs: 50, emergencyLimit: 1 } },
  },
  { name: 'hedge', resolve: resolveHedgeOptions, defaults: hedgeDefaults },
  { name: 'fallback', resolve: resolveFallbackOptions, defaults: {} },
  { name: 'chaos', resolve: resolveChaosOptions, defaults: chaosDefaults, required: { errors: 503 } },
]

describe.each(cases)('the options of $name', ({ resolve, defaults, required = {}, filledIn = {} }) => {
  const resolved = (options: unknown) => resolve(options as never)

  it('are filled in with frozen defaults', () => {
    if (Object.keys(defaults).length > 0) expect(defaults).toSatisfy(Object.isFrozen)
    expect(resolved(required)).toMatchObject({ ...defaults, ...filledIn })
  })

  it('are the defaults where they are undefined', () => {
    const open = Object.fromEntries(Object.keys(defaults).map((option) => [option, undefined]))
    expect(resolved({ ...open, ...required })).toMatchObject({ ...defaults, ...filledIn })
  })

  it('are refused as a whole when one is unknown or they are none', () => {
    expect(() => resolved({ ...required, other: 1 })).toThrow('other: is not an option')
    expect(() => resolved(5)).toThrow('must be an object of options, not 5')
  })
})

describe('the options of adaptiveConcurrency', () => {
  it('are filled in with frozen defaults, also where they are undefined', () => {
    const open = Object.fromEntries(Object.keys(adaptiveDefaults).map((option) => [option, undefined]))
    const { minLimit, maxLimit, initialLimit, maxQueue, maxQueueWaitRatio, shadow } = adaptiveDefaults
    expect(adaptiveDefaults).toSatisfy(Object.isFrozen)
    for (const options of [{}, open]) {
      expect(resolveAdaptiveOptions(options as never)).toMatchObject({
        limit: { minLimit, maxLimit, initialLimit },
        maxQueue,
        maxQueueWaitRatio,
        shadow,
      })
    }
  })
})
