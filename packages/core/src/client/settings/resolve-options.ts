import type { Operation } from '../../contract/index.js'
import { OptionCheck, show, showUrl } from '../../foundation/config/index.js'
import type { TransportOptions } from '../../http/transport/index.js'
import { checkBalancing, checkEndpoints } from '../../upstream/endpoints/index.js'
import { checkHeaders } from '../options/check-headers.js'
import { type CallPolicyOptions, type ClientOptions, clientDefaults } from '../options/client-options.js'
import { checkTelemetry } from '../options/client-telemetry-options.js'
import { clientOptionNames } from '../options/option-names.js'
import type { DependencyPolicies } from '../slots/policy-slots.js'
import { checkPolicies, connectionsFor, makeDependencyPolicies } from '../slots/shared-policies.js'
import { checkCallPolicy } from './check-call-policy.js'

/** A `baseUrl`, taken apart. */
export interface BaseUrl {
  readonly origin: string
  /** In front of every path; empty, or beginning with a slash and not ending with one. */
  readonly basePath: string
}

/** What `resolveOptions` made of a client's options. */
export interface ResolvedClient extends DependencyPolicies {
  readonly options: ClientOptions<object>
  /** `undefined` where there are `endpoints`. */
  readonly base: BaseUrl | undefined
  readonly headers: Readonly<Record<string, string>>
  readonly transport: TransportOptions
}

/** Options whose names are taken, by what is still to come. To ignore one would be to promise it. */
const notYet = ['auth', 'tls']

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
  const options = withoutUndefined(check, given, clientOptionNames)
  const { base, headers } = checkOptions(check, options, operations)
  checkPolicies(check, options)
  check.done()
  const transport = {
    connections: options.connections ?? connectionsFor(options) ?? clientDefaults.maxConcurrent,
    connectTimeoutMs: options.connectTimeoutMs ?? clientDefaults.connectTimeoutMs,
    http2: options.http2,
    proxy: options.proxy,
    dispatcher: options.dispatcher,
  }
  return { options, base, headers, ...makeDependencyPolicies(options), transport }
}

/** Checks what is no policy. */
export function checkOptions(
  check: OptionCheck,
  options: ClientOptions<object>,
  operations: Readonly<Record<string, Operation>>,
): Pick<ResolvedClient, 'base' | 'headers'> {
  const base = checkPlace(check, options)
  checkCallPolicy(check, '', options)
  checkOperations(check, options.operations, operations)
  checkTransport(check, options)
  const headers = checkHeaders(options.headers, (name, message) => {
    check.add(name === '' ? 'headers' : `headers.${name}`, message)
  })
  check.oneOf('validate', options.validate, ['enforce', 'warn', 'off'])
  check.function('onInvalid', options.onInvalid)
  check.function('random', options.random)
  check.boolean('shadow', options.shadow)
  checkTelemetry(check, options)
  return { base, headers }
}

/** `baseUrl` or `endpoints`: one of the two must be there. */
function checkPlace(check: OptionCheck, options: ClientOptions<object>): BaseUrl | undefined {
  const { balancing, baseUrl, endpoints, traffic } = options as Record<string, unknown>
  if (traffic !== undefined) check.add('traffic', 'has no effect without versions; give both or neither')
  if (endpoints === undefined) {
    if (balancing !== undefined) check.add('balancing', 'has no effect without endpoints; leave it out')
    return checkBaseUrl(check, baseUrl)
  }
  if (baseUrl !== undefined) {
    check.add(
      'endpoints',
      'contradicts baseUrl: the service is at one place or at several; give one of the two',
    )
  }
  checkBalancing(check, 'balancing', balancing)
  if (typeof (endpoints as { watch?: unknown } | null)?.watch === 'function') return undefined
  if (Array.isArray(endpoints)) checkEndpoints(check, 'endpoints', endpoints)
  else {
    const shape = 'must be a list of URLs, or a resolver such as dnsEndpoints() makes'
    check.add('endpoints', `${shape}, not ${show(endpoints)}`)
  }
  return undefined
}

/** Refuses names that are unknown or not built yet, and drops options that were given as `undefined`. */
export function withoutUndefined<Options extends object>(
  check: OptionCheck,
  given: Options | undefined,
  names: readonly string[],
): Options {
  if (typeof given !== 'object' || given === null) {
    const least = names === clientOptionNames ? ' with at least a baseUrl or endpoints' : ''
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
export function checkBaseUrl(check: OptionCheck, baseUrl: unknown): BaseUrl {
  const nowhere = { origin: '', basePath: '' }
  if (baseUrl === undefined) {
    check.add(
      'baseUrl',
      "is missing; say where the service is, such as 'http://orders:3000', or give endpoints",
    )
    return nowhere
  }
  const url = URL.canParse(String(baseUrl)) ? new URL(String(baseUrl)) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    check.add('baseUrl', `must be an http: or https: URL, not ${showUrl(String(baseUrl))}`)
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
