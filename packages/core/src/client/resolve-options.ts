import { OptionCheck, show } from '../config/index.js'
import type { Operation } from '../contract/index.js'
import {
  type Bulkhead,
  bulkhead,
  type CircuitBreaker,
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

/** What `resolveOptions` made of a client's options: its policies and its transport. */
export interface ResolvedClient {
  readonly options: ClientOptions<object>
  readonly origin: string
  /** In front of every path; empty, or beginning with a slash and not ending with one. */
  readonly basePath: string
  readonly headers: Readonly<Record<string, string>>
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
] as const satisfies readonly (keyof ClientOptions)[]

/** Options whose names are taken, by what is still to come. To ignore one would be to promise it. */
const notYet = [
  'adaptiveConcurrency',
  'auth',
  'endpoints',
  'logger',
  'metrics',
  'priority',
  'propagate',
  'tls',
]

/**
 * Checks a client's options and makes what they describe.
 *
 * @throws {ConfigInvalidError} `CONFIG_INVALID`, naming everything that is wrong at once.
 */
export function resolveOptions(
  subject: string,
  given: ClientOptions<object> | undefined,
  operations: Readonly<Record<string, Operation>>,
): ResolvedClient {
  const check = new OptionCheck(subject)
  const options = withoutUndefined(check, given)
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
  const policies = makePolicies(check, options)
  check.done()
  const transport = createTransport({
    connections: options.connections ?? policies.bulkhead?.maxConcurrent ?? clientDefaults.maxConcurrent,
    connectTimeoutMs: options.connectTimeoutMs ?? clientDefaults.connectTimeoutMs,
    http2: options.http2,
    proxy: options.proxy,
    dispatcher: options.dispatcher,
  })
  return { options, ...base, headers, ...policies, transport }
}

/** Refuses names that are unknown or not built yet, and drops options that were given as `undefined`. */
function withoutUndefined(
  check: OptionCheck,
  given: ClientOptions<object> | undefined,
): ClientOptions<object> {
  if (typeof given !== 'object' || given === null) {
    check.add('', `needs an object of options with at least a baseUrl, not ${show(given)}`)
    check.done()
  }
  const entries = Object.entries(given ?? {}).filter(([, value]) => value !== undefined)
  const built = entries.filter(([name]) => {
    if (!notYet.includes(name)) return true
    return check.add(name, 'is not available in this version; leave it out')
  })
  const options = Object.fromEntries(built) as unknown as ClientOptions<object>
  check.object('', options, optionNames)
  return options
}

function checkBaseUrl(
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

function checkTransport(check: OptionCheck, options: ClientOptions<object>): void {
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

function makePolicies(
  check: OptionCheck,
  options: ClientOptions<object>,
): Pick<ResolvedClient, 'breaker' | 'bulkhead' | 'rateLimit' | 'budget'> {
  return {
    breaker: make(check, 'circuitBreaker', options.circuitBreaker, (given) =>
      circuitBreaker({
        ...given,
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
      made = factory(given ?? ({} as Options))
    })
  }
  return made
}

function isBudget(value: RetryBudget | object | false | undefined): value is RetryBudget {
  return typeof (value as Partial<RetryBudget> | undefined)?.tryWithdraw === 'function'
}
