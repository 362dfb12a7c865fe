import { OptionCheck, show } from '../../foundation/config/index.js'
import { type DnsAnswer, type DnsQuestion, type DnsRecordType, defaultResolve } from './dns-records.js'
import { DnsWatch } from './dns-watch.js'
import type { Resolver } from './resolver.js'

/** Options of `dnsEndpoints`. */
export interface DnsEndpointsOptions {
  /**
   * The name to look up, in full: of A, AAAA and SRV questions the search domains of the machine are not tried. For
   * `SRV` the whole name, such as `_http._tcp.orders.default.svc.cluster.local`.
   */
  readonly hostname: string
  /**
   * `A` and `AAAA` ask for addresses, `SRV` for names with ports, weights and priorities, of which the lowest is used as
   * long as it can be. `lookup` asks the operating system, with its hosts file and search domains.
   * @default 'A'
   */
  readonly type?: DnsRecordType
  /**
   * The port of every address. SRV records bring their own.
   * @default 80 or 443
   */
  readonly port?: number
  /** @default 'http' */
  readonly protocol?: 'http' | 'https'
  /**
   * The least time between two questions, in milliseconds, however short the records live.
   * @default 5000
   */
  readonly minRefreshMs?: number
  /**
   * The most time between two questions, in milliseconds, however long the records live; a tenth of it at most is
   * added by chance. Also the time for SRV and
   * `lookup`, of which Node.js does not tell how long they live.
   * @default 30000
   */
  readonly maxRefreshMs?: number
  /**
   * How long an answer is waited for, in milliseconds.
   * @default 5000
   */
  readonly timeoutMs?: number
  /**
   * The name servers to ask, such as `10.0.0.2` or `127.0.0.1:5353`.
   * @default those of the machine
   */
  readonly servers?: readonly string[]
  /** Asks in place of DNS: for tests, and for other directories that answer one question at a time. */
  readonly resolve?: (question: DnsQuestion) => Promise<readonly DnsAnswer[]>
  /**
   * Source of chance, from 0 to below 1.
   * @default Math.random
   */
  readonly random?: () => number
}

const optionNames = [
  'hostname',
  'type',
  'port',
  'protocol',
  'minRefreshMs',
  'maxRefreshMs',
  'timeoutMs',
  'servers',
  'resolve',
  'random',
] as const satisfies readonly (keyof DnsEndpointsOptions)[]

/**
 * Endpoints from DNS. It asks again when the records expire, at a moment that is a little different for each process,
 * soon when an endpoint cannot be reached, and keeps the last good answer when it gets none.
 *
 * @throws {ConfigInvalidError} `CONFIG_INVALID`, naming everything that is wrong at once.
 * @example
 * ```ts
 * const endpoints = dnsEndpoints({ hostname: 'orders.default.svc.cluster.local', port: 3000 })
 * ```
 */
export function dnsEndpoints(options: DnsEndpointsOptions): Resolver {
  checkOptions(options)
  const { hostname, type = 'A', port, protocol = 'http', minRefreshMs = 5_000, timeoutMs = 5_000 } = options
  const maxRefreshMs = options.maxRefreshMs ?? Math.max(30_000, minRefreshMs)
  const { resolve = defaultResolve(options.servers, timeoutMs), random = Math.random } = options
  const question: DnsQuestion = { hostname, type }
  const place = { hostname, protocol, port: port ?? (protocol === 'https' ? 443 : 80) }
  const settings = { question, place, resolve, random, minRefreshMs, maxRefreshMs, timeoutMs }
  return {
    watch(listener) {
      const watch = new DnsWatch(settings, listener)
      watch.ask()
      return watch
    },
  }
}

function checkOptions(options: DnsEndpointsOptions): void {
  const check = new OptionCheck('dnsEndpoints()')
  if (options === undefined) check.add('', 'needs an object of options with at least a hostname')
  else if (check.object('', options, optionNames)) checkEach(check, options)
  check.done()
}

function checkEach(check: OptionCheck, options: DnsEndpointsOptions): void {
  const { hostname, type, minRefreshMs, maxRefreshMs, servers } = options
  if (typeof hostname !== 'string' || !/^[A-Za-z0-9._-]+$/.test(hostname)) {
    check.add('hostname', `must be a host name, not ${show(hostname)}`)
  }
  check.oneOf('type', type, ['A', 'AAAA', 'SRV', 'lookup'])
  check.number('port', options.port, { min: 1, max: 65_535, integer: true })
  if (type === 'SRV' && options.port !== undefined) {
    check.add('port', "cannot be used with type 'SRV', whose records bring their own; leave one of them out")
  }
  check.oneOf('protocol', options.protocol, ['http', 'https'])
  check.milliseconds('minRefreshMs', minRefreshMs)
  check.milliseconds('maxRefreshMs', maxRefreshMs)
  check.milliseconds('timeoutMs', options.timeoutMs)
  if (minRefreshMs !== undefined && maxRefreshMs !== undefined && minRefreshMs > maxRefreshMs) {
    check.add('minRefreshMs', `is above maxRefreshMs (${minRefreshMs} > ${maxRefreshMs})`)
  }
  if (servers !== undefined && (!Array.isArray(servers) || servers.length === 0 || type === 'lookup')) {
    const problem = type === 'lookup' ? "cannot be used with type 'lookup'" : 'must be a list of addresses'
    check.add('servers', `${problem}, not ${show(servers)}`)
  }
  check.function('resolve', options.resolve)
  check.function('random', options.random)
}
