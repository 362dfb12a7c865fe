import { OptionCheck, show } from '../config/index.js'
import type { Operation } from '../contract/index.js'
import {
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
import { createTransport, type Transport } from '../transport/index.js'
import { verdictOf } from './attempt-facts.js'
import { checkCallPolicy } from './check-call-policy.js'
import { checkHeaders } from './check-headers.js'
import { type CallPolicyOptions, type ClientOptions, clientDefaults } from './client-options.js'
import { checkTelemetry, clientTelemetryOptionNames } from './client-telemetry-options.js'
import { propagatesTo } from './propagation.js'

/** What `resolveOptions` made of a client's options: its policies and its transport. */
export interface ResolvedClient {
  readonly options: ClientOptions<object>
  readonly origin: string
  /** In front of every path; empty, or beginning with a slash and not ending with one. */
  readonly basePath: string
  readonly headers: Readonly<Record<string, string>>
  /** Whether its host may know of the requests that calls are made for. */
  readonly propagates: boolean
  readonly breaker: CircuitBreaker | undefined
  readonly bulkhead: Bulkhead | undefined
  readonly rateLimit: RateLimit | undefined
  readonly budget: RetryBudget | undefined
  readonly transport: Transport
}

const optionNames = [
  'attemptTimeoutMs',
  'baseUrl',
  'bulkhead',
  'circuitBreaker',
  'connectTimeoutMs',
  'connections',
  'dispatcher',
  'fallback',
  'headers',
  'hedge',
  'http2',
  'idleTimeoutMs',
  'maxResponseBytes',
  'onInvalid',
  'operations',
  'proxy',
  'random',
  'rateLimit',
  'retry',
  'retryBudget',
  'timeoutMs',
  'validate',
  ...clientTelemetryOptionNames,
] as const satisfies readonly (keyof ClientOptions)[]

/** Options whose names are taken, by what is still to come. To ignore one would be to promise it. */
const notYet = ['adaptiveConcurrency', 'auth', 'endpoints', 'priority', 'tls']

/**
 * Checks a client's options and makes what they describe.
 *
 * @throws {ConfigInvalidError} `CONFIG_INVALID`, naming everything that is wrong at once.
 */
export function resolveOptions(
  dependency: string,
  given: ClientOptions<object> | undefined,
  operations: Readonly<Record<string, Operation>>,
): ResolvedClient {
  const check = new OptionCheck(`client of '${dependency}'`)
  const options = withoutUndefined(check, given, optionNames)
  const base = checkBaseUrl(check, options.baseUrl)
  checkCallPolicy(check, '', options)
  checkOperations(check, options.operations, operations)
  checkTransport(check, options)
  const headers = checkHeaders(options.headers, (name, message) => {
    check.add(name === '' ? 'headers' : `headers.${name}`, message)
  })
  check.oneOf('validate', options.validate, ['enforce', 'warn', 'off'])
  check.function('onInvalid', options.onInvalid)
  check.function('random', options.random)
  checkTelemetry(check, options)
  const policies = makePolicies(check, options, dependency)
  check.done()
  const transport = createTransport({
    connections: options.connections ?? policies.bulkhead?.maxConcurrent ?? clientDefaults.maxConcurrent,
    connectTimeoutMs: options.connectTimeoutMs ?? clientDefaults.connectTimeoutMs,
    http2: options.http2,
    proxy: options.proxy,
    dispatcher: options.dispatcher,
  })
  const propagates = propagatesTo(base.origin, options.propagate, base.origin)
  return { options, ...base, headers, propagates, ...policies, transport }
}

/** Refuses names that are unknown or not built yet, and drops options that were given as `undefined`. */
export function withoutUndefined<Options extends object>(
  check: OptionCheck,
  given: Options | undefined,
  names: readonly string[],
): Options {
  if (typeof given !== 'object' || given === null) {
    const least = names === optionNames ? ' with at least a baseUrl' : ''
    check.add('', `needs an object of options${least}, not ${show(given)}`)
    check.done()
  }
  const entries = Object.entries(given ?? {}).filter(([, value]) => value !== undefined)
  const built = entries.filter(([name]) => {
    if (!notYet.includes(name)) return true
    return check.add(name, 'is not available in this version; leave it out')
  })
  const options = Object.fromEntries(built) as Options
  check.object('', options, names)
  return options
}

/** `baseUrl`, which must be there, taken apart. */
export function checkBaseUrl(
  check: OptionCheck,
  baseUrl: unknown,
): { readonly origin: string; readonly basePath: string } {
  const nowhere = { origin: '', basePath: '' }
  if (baseUrl === undefined) {
    check.add('baseUrl', "is missing; say where the service is, such as 'http://orders:3000'")
    return nowhere
  }
  const url = URL.canParse(String(baseUrl)) ? new URL(String(baseUrl)) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    check.add('baseUrl', `must be an http: or https: URL, not ${show(String(baseUrl))}`)
    return nowhere
  }
  if (url.username !== '' || url.password !== '') {
    check.add('baseUrl', 'must not carry a user name or password; send an authorization header instead')
  }
  if (url.search !== '' || url.hash !== '') {
    check.add('baseUrl', 'must not have a query or a fragment; they belong to the operations')
  }
  return { origin: url.origin, basePath: url.pathname.replace(/\/+$/, '') }
}

function checkOperations(
  check: OptionCheck,
  overrides: unknown,
  operations: Readonly<Record<string, Operation>>,
): void {
  if (!check.object('operations', overrides, Object.keys(operations))) return
  for (const [name, override] of Object.entries((overrides ?? {}) as Record<string, CallPolicyOptions>)) {
    checkCallPolicy(check, `operations.${name}`, override, operations[name])
  }
}

/** The options that say how connections are made. */
export type ConnectionOptions = Pick<
  ClientOptions<object>,
  'connections' | 'connectTimeoutMs' | 'dispatcher' | 'http2' | 'maxResponseBytes' | 'proxy'
>

/** Checks how connections are to be made. */
export function checkTransport(check: OptionCheck, options: ConnectionOptions): void {
  check.number('connections', options.connections, { min: 1, integer: true })
  check.milliseconds('connectTimeoutMs', options.connectTimeoutMs)
  check.boolean('http2', options.http2)
  const { maxResponseBytes, dispatcher } = options
  if (maxResponseBytes !== Number.POSITIVE_INFINITY) {
    check.number('maxResponseBytes', maxResponseBytes, { min: 1, integer: true })
  }
  if (dispatcher === undefined) return
  if (typeof (dispatcher as { dispatch?: unknown } | null)?.dispatch !== 'function') {
    check.add('dispatcher', `must be an undici dispatcher, not ${show(dispatcher)}`)
  }
  for (const name of ['connections', 'connectTimeoutMs', 'proxy', 'http2'] as const) {
    if (options[name] !== undefined)
      check.add(name, 'has no effect beside dispatcher; set it on the dispatcher')
  }
}

/** The policies that all calls of a dependency share. */
export type SharedPolicies = Pick<ResolvedClient, 'breaker' | 'bulkhead' | 'rateLimit' | 'budget'>

/** The options that describe them. */
export type SharedPolicyOptions = Pick<
  ClientOptions<object>,
  'bulkhead' | 'circuitBreaker' | 'random' | 'rateLimit' | 'retryBudget'
>

/** Makes the policies of one dependency; what is wrong with their options is told to `check`. */
export function makePolicies(
  check: OptionCheck,
  options: SharedPolicyOptions,
  name = 'circuit',
): SharedPolicies {
  const { random } = options
  return {
    breaker: make(check, 'circuitBreaker', options.circuitBreaker, (given) =>
      circuitBreaker({
        name,
        ...(typeof random === 'function' && { random }),
        ...withoutClassify(check, given),
        classify: (error, execution) => verdictOf(error, execution).breaker,
      }),
    ),
    bulkhead: make(check, 'bulkhead', options.bulkhead, bulkhead),
    rateLimit: make(check, 'rateLimit', options.rateLimit ?? false, rateLimit),
    budget: isBudget(options.retryBudget)
      ? options.retryBudget
      : make(check, 'retryBudget', options.retryBudget, retryBudget),
  }
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
function withoutClassify(check: OptionCheck, options: CircuitBreakerOptions): CircuitBreakerOptions {
  if (options.classify !== undefined) {
    check.add('circuitBreaker.classify', 'has no effect: a client judges by the HTTP outcome; leave it out')
  }
  return options
}

function isBudget(value: RetryBudget | object | false | undefined): value is RetryBudget {
  return typeof (value as Partial<RetryBudget> | undefined)?.tryWithdraw === 'function'
}
