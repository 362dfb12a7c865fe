import type { OptionCheck } from '../../foundation/config/index.js'
import {
  type AdaptiveConcurrency,
  type AdaptiveConcurrencyOptions,
  adaptiveConcurrency,
  type Bulkhead,
  type BulkheadOptions,
  bulkhead,
  type CircuitBreaker,
  type CircuitBreakerOptions,
  checkAdaptiveOptions,
  circuitBreaker,
  type RateLimit,
  type RateLimitOptions,
  type RetryBudget,
  rateLimit,
  resolveBulkhead,
  resolveCircuitBreakerOptions,
  resolveRateLimitOptions,
  resolveRetryBudget,
  retryBudget,
} from '../../policies/index.js'
import { verdictOf } from '../attempt/attempt-facts.js'
import type { ClientOptions, ShadowedPolicy } from '../options/client-options.js'

/** The policies that all calls of a dependency share, at however many endpoints. */
export interface CommonPolicies {
  /** At most one of the two. */
  readonly bulkhead: Bulkhead | undefined
  readonly adaptive: AdaptiveConcurrency | undefined
  readonly rateLimit: RateLimit | undefined
  readonly budget: RetryBudget | undefined
}

/** The policies of a dependency with one endpoint. */
export interface SharedPolicies extends CommonPolicies {
  readonly breaker: CircuitBreaker | undefined
}

const unboundedConnections = 1_000_000

/**
 * How many connections to one endpoint are worth having: as many as there can be permits; `undefined` without a limit.
 * One in shadow has nobody wait, so that nobody may have to wait for a socket.
 */
export function connectionsFor({ adaptive, bulkhead }: CommonPolicies): number | undefined {
  if ((adaptive ?? bulkhead)?.shadow === true) return unboundedConnections
  return adaptive?.maxLimit ?? bulkhead?.maxConcurrent
}

/** How many attempts may be in flight, and how many are. */
export function permitsOf({ adaptive, bulkhead }: CommonPolicies) {
  const limit = adaptive ?? bulkhead
  return {
    limit: adaptive?.limit ?? bulkhead?.maxConcurrent,
    inFlight: limit?.inFlight ?? 0,
    queued: limit?.queued ?? 0,
  }
}

/** Which of them only report what they would have done. */
export function shadowedOf({
  adaptive,
  breaker,
  bulkhead,
  rateLimit,
}: CommonPolicies & { readonly breaker: { readonly shadow?: boolean } | undefined }): ShadowedPolicy[] {
  const all = { circuitBreaker: breaker, adaptiveConcurrency: adaptive, bulkhead, rateLimit }
  const names = Object.keys(all) as ShadowedPolicy[]
  return names.filter((name) => all[name]?.shadow)
}

/** Whether the breakers of a client that goes by these options are in shadow: there may be none as yet. */
export function shadowOfBreaker(options: SharedPolicyOptions): { readonly shadow?: boolean } | undefined {
  return options.circuitBreaker === false ? undefined : breakerOptionsOf(options, {})
}

/** The options that describe the policies that all calls of a dependency share. */
export type SharedPolicyOptions = Pick<
  ClientOptions<object>,
  'adaptiveConcurrency' | 'bulkhead' | 'circuitBreaker' | 'random' | 'rateLimit' | 'retryBudget' | 'shadow'
>

/** Makes the policies of one dependency; what is wrong with their options is told to `check`. */
export function makePolicies(check: OptionCheck, options: SharedPolicyOptions): SharedPolicies {
  const breaker = make(check, 'circuitBreaker', options.circuitBreaker, (given) => {
    withoutClassify(check, 'circuitBreaker', given)
    return circuitBreaker(breakerOptionsOf({ ...options, circuitBreaker: given }, {}))
  })
  return { breaker, ...makeCommonPolicies(check, options) }
}

/** Makes those that all endpoints share; what is wrong with their options is told to `check`. */
export function makeCommonPolicies(check: OptionCheck, options: SharedPolicyOptions): CommonPolicies {
  return {
    ...makeLimit(check, options),
    rateLimit: make(check, 'rateLimit', limitOptionsOf(options).rateLimit, rateLimit),
    budget: isBudget(options.retryBudget)
      ? options.retryBudget
      : make(check, 'retryBudget', options.retryBudget, retryBudget),
  }
}

/** Tells `check` what is wrong with the options of the policies, and makes none. */
export function checkPolicies(check: OptionCheck, options: SharedPolicyOptions): void {
  const { adaptiveConcurrency: adaptive, bulkhead: fixed, rateLimit: quota } = limitOptionsOf(options)
  checkLimits(check, options)
  checkBreaker(check, options)
  make(check, 'adaptiveConcurrency', adaptive, (given) =>
    checkAdaptiveOptions(withoutClassify(check, 'adaptiveConcurrency', given)),
  )
  make(check, 'bulkhead', fixed, (given) => resolveBulkhead(given))
  make(check, 'rateLimit', quota, resolveRateLimitOptions)
  if (isBudget(options.retryBudget)) return
  make(check, 'retryBudget', options.retryBudget, (given) => resolveRetryBudget(given))
}

/** Tells `check` what is wrong with the options of the breaker. */
export function checkBreaker(check: OptionCheck, options: SharedPolicyOptions): void {
  make(check, 'circuitBreaker', options.circuitBreaker, (given) =>
    resolveCircuitBreakerOptions(
      breakerOptionsOf({ ...options, circuitBreaker: withoutClassify(check, 'circuitBreaker', given) }, {}),
    ),
  )
}

/** The options of the breaker of one endpoint, which has not been switched off; what `options` say wins over `usual`. */
export function breakerOptionsOf(
  { circuitBreaker: given, random, shadow }: SharedPolicyOptions,
  usual: CircuitBreakerOptions,
): CircuitBreakerOptions {
  return {
    ...usual,
    ...(typeof random === 'function' && { random }),
    ...(shadow === true && { shadow }),
    ...given,
    classify: (error, execution) => verdictOf(error, execution).breaker,
  }
}

/** What bounds the attempts in flight: what finds the bound by itself, unless a fixed one is asked for, or none. */
function makeLimit(
  check: OptionCheck,
  options: SharedPolicyOptions,
): Pick<CommonPolicies, 'adaptive' | 'bulkhead'> {
  const { adaptiveConcurrency: adaptive, bulkhead: fixed } = limitOptionsOf(options)
  checkLimits(check, options)
  return {
    adaptive: make(check, 'adaptiveConcurrency', adaptive, (given) =>
      adaptiveConcurrency(withoutClassify(check, 'adaptiveConcurrency', given)),
    ),
    bulkhead: make(check, 'bulkhead', fixed, bulkhead),
  }
}

function checkLimits(
  check: OptionCheck,
  { adaptiveConcurrency, bulkhead: fixed }: SharedPolicyOptions,
): void {
  if (!adaptiveConcurrency || !fixed) return
  check.add('adaptiveConcurrency', 'contradicts bulkhead: the limit is found or fixed; give one of the two')
}

/** Options of what bounds the calls of a dependency; `false` for what there is none of. */
export interface LimitOptions {
  readonly adaptiveConcurrency: AdaptiveConcurrencyOptions | false
  readonly bulkhead: BulkheadOptions | false
  readonly rateLimit: RateLimitOptions | false
}

/** Fills in which of them there are, and whether they are in shadow. */
export function limitOptionsOf(options: SharedPolicyOptions): LimitOptions {
  const { adaptiveConcurrency: adaptive, bulkhead: fixed, rateLimit: quota = false, shadow } = options
  const isDefault = adaptive === undefined && fixed === undefined
  return {
    adaptiveConcurrency: inShadow(shadow, isDefault ? {} : orNone(adaptive)),
    bulkhead: inShadow(shadow, orNone(fixed)),
    rateLimit: inShadow(shadow, quota),
  }
}

const orNone = <Options>(given: Options | undefined): Options | false => (given === undefined ? false : given)

/** What is no object of options is left as it is, for the check to refuse. */
function inShadow<Options extends object>(
  shadow: boolean | undefined,
  given: Options | false,
): Options | false {
  return shadow === true && typeof given === 'object' && given !== null ? { shadow, ...given } : given
}

/** `false` makes nothing, `undefined` the policy's defaults. What its own check finds is told below `path`. */
function make<Options extends object, Made>(
  check: OptionCheck,
  path: string,
  given: Options | false | undefined,
  factory: (options: Options) => Made,
): Made | undefined {
  let made: Made | undefined
  if (given !== false) {
    check.nest(path, () => {
      if (given === undefined) made = factory({} as Options)
      else if (check.object(path, given, Object.keys(Object(given)))) made = factory(given)
    })
  }
  return made
}

/** What an outcome means is decided by the client, which knows HTTP. */
function withoutClassify<Options extends object>(
  check: OptionCheck,
  path: string,
  options: Options,
): Options {
  if ((options as { readonly classify?: unknown }).classify !== undefined) {
    check.add(`${path}.classify`, 'has no effect: a client judges by the HTTP outcome; leave it out')
  }
  return options
}

/** Whether it is a budget, and not the options of one. */
export function isBudget(value: RetryBudget | object | false | undefined): value is RetryBudget {
  return typeof (value as Partial<RetryBudget> | undefined)?.tryWithdraw === 'function'
}
