import type { OptionCheck } from '../config/index.js'
import {
  type AdaptiveConcurrency,
  adaptiveConcurrency,
  type Bulkhead,
  bulkhead,
  type CircuitBreaker,
  type CircuitBreakerOptions,
  circuitBreaker,
  type RateLimit,
  type RetryBudget,
  rateLimit,
  retryBudget,
} from '../policies/index.js'
import { verdictOf } from './attempt-facts.js'
import type { ClientOptions } from './client-options.js'

/** The policies that all calls of a dependency share. */
export interface SharedPolicies {
  /** Of a dependency with several endpoints each has its own. */
  readonly breaker: CircuitBreaker | undefined
  /** At most one of the two. */
  readonly bulkhead: Bulkhead | undefined
  readonly adaptive: AdaptiveConcurrency | undefined
  readonly rateLimit: RateLimit | undefined
  readonly budget: RetryBudget | undefined
}

/** The most attempts that are ever in flight; `undefined` for no limit. */
export function maxPermits({ adaptive, bulkhead }: SharedPolicies): number | undefined {
  return adaptive?.maxLimit ?? bulkhead?.maxConcurrent
}

/** How many attempts may be in flight, and how many are. */
export function permitsOf({ adaptive, bulkhead }: SharedPolicies) {
  const limit = adaptive ?? bulkhead
  return {
    limit: adaptive?.limit ?? bulkhead?.maxConcurrent,
    inFlight: limit?.inFlight ?? 0,
    queued: limit?.queued ?? 0,
  }
}

/** The options that describe the policies that all calls of a dependency share. */
export type SharedPolicyOptions = Pick<
  ClientOptions<object>,
  'adaptiveConcurrency' | 'bulkhead' | 'circuitBreaker' | 'random' | 'rateLimit' | 'retryBudget'
>

/** Makes the policies of one dependency; what is wrong with their options is told to `check`. */
export function makePolicies(
  check: OptionCheck,
  options: SharedPolicyOptions,
  name = 'circuit',
): SharedPolicies {
  return {
    breaker: makeBreaker(check, options, { name }),
    ...makeLimit(check, options),
    rateLimit: make(check, 'rateLimit', orNone(options.rateLimit), rateLimit),
    budget: isBudget(options.retryBudget)
      ? options.retryBudget
      : make(check, 'retryBudget', options.retryBudget, retryBudget),
  }
}

/** Makes the breaker of one endpoint; what `options` say wins over `usual`. */
export function makeBreaker(
  check: OptionCheck,
  { circuitBreaker: given, random }: SharedPolicyOptions,
  usual: CircuitBreakerOptions,
): CircuitBreaker | undefined {
  return make(check, 'circuitBreaker', given, (options) =>
    circuitBreaker({
      ...usual,
      ...(typeof random === 'function' && { random }),
      ...withoutClassify(check, 'circuitBreaker', options),
      classify: (error, execution) => verdictOf(error, execution).breaker,
    }),
  )
}

/** What bounds the attempts in flight: what finds the bound by itself, unless a fixed one is asked for, or none. */
function makeLimit(
  check: OptionCheck,
  options: SharedPolicyOptions,
): Pick<SharedPolicies, 'adaptive' | 'bulkhead'> {
  const { adaptiveConcurrency: adaptive, bulkhead: fixed } = options
  const isBoth = Boolean(adaptive) && Boolean(fixed)
  if (isBoth) {
    check.add('adaptiveConcurrency', 'contradicts bulkhead: the limit is found or fixed; give one of the two')
  }
  const isDefault = adaptive === undefined && fixed === undefined
  return {
    adaptive: make(check, 'adaptiveConcurrency', isDefault ? undefined : orNone(adaptive), (given) =>
      adaptiveConcurrency(withoutClassify(check, 'adaptiveConcurrency', given)),
    ),
    bulkhead: make(check, 'bulkhead', orNone(fixed), bulkhead),
  }
}

const orNone = <Options>(given: Options | undefined): Options | false => (given === undefined ? false : given)

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

function isBudget(value: RetryBudget | object | false | undefined): value is RetryBudget {
  return typeof (value as Partial<RetryBudget> | undefined)?.tryWithdraw === 'function'
}
