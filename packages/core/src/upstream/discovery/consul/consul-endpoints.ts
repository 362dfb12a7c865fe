import { OptionCheck, show } from '../../../foundation/config/index.js'
import type { Resolver } from '../../endpoints/index.js'
import { type ConsulAgentOptions, consulAgent, consulAgentOptionNames } from './consul-agent.js'
import { watchConsul } from './consul-watch.js'

/** Options of `consulEndpoints`. */
export interface ConsulEndpointsOptions extends ConsulAgentOptions {
  /** The name under which the service is registered. */
  readonly service: string
  /** Only instances that have all of these. */
  readonly tags?: readonly string[] | undefined
  /**
   * The data centre to ask.
   * @default the agent's
   */
  readonly datacenter?: string | undefined
  /** A node, or `_agent`: Consul then gives the nearest instances first, which matters beyond `maxEndpoints` only. */
  readonly near?: string | undefined
  /**
   * Whether instances with a warning are left out. Those that are critical always are.
   * @default true
   */
  readonly passingOnly?: boolean | undefined
  /**
   * The protocol of every instance.
   * @default the instance's meta value protocol, else http
   */
  readonly protocol?: 'http' | 'https' | undefined
  /** The name for the `host` header and for TLS, where instances are registered with addresses. */
  readonly serverName?: string | undefined
  /**
   * `stale` lets any server answer, which goes on without a leader; `consistent` has the leader make sure that it is one.
   * @default 'default'
   */
  readonly consistency?: 'default' | 'stale' | 'consistent' | undefined
  /**
   * How long a question waits for a change, in milliseconds; 10 minutes at most.
   * @default 300000
   */
  readonly waitMs?: number | undefined
  /**
   * How long an answer is waited for that is due at once, in milliseconds.
   * @default 5000
   */
  readonly timeoutMs?: number | undefined
  /**
   * The time between questions when the answer changes all the time, in milliseconds. Five may follow each other at once.
   * @default 2000
   */
  readonly minRefreshMs?: number | undefined
  /**
   * Source of chance, from 0 to below 1.
   * @default Math.random
   */
  readonly random?: (() => number) | undefined
}

const optionNames = [
  ...consulAgentOptionNames,
  'service',
  'tags',
  'datacenter',
  'near',
  'passingOnly',
  'protocol',
  'serverName',
  'consistency',
  'waitMs',
  'timeoutMs',
  'minRefreshMs',
  'random',
] as const satisfies readonly (keyof ConsulEndpointsOptions)[]

/** Consul's own limit. */
const maxWaitMs = 600_000

/**
 * Endpoints from Consul: the healthy instances of a service, heard of as soon as they change. When Consul cannot be
 * asked, the last ones it gave stay.
 *
 * The weight of an instance is Consul's (`Weights`), its zone is `zone` of its meta values, or of its node's.
 *
 * @throws {ConfigInvalidError} `CONFIG_INVALID`, naming everything that is wrong at once.
 * @example
 * ```ts
 * const endpoints = consulEndpoints({ service: 'orders', tags: ['v2'], consistency: 'stale' })
 * const client = createClient(orders, { endpoints })
 * await client.$close()
 * ```
 */
export function consulEndpoints(options: ConsulEndpointsOptions): Resolver {
  const check = new OptionCheck('consulEndpoints()')
  if (options === undefined) check.add('', 'needs an object of options with at least a service')
  else if (check.object('', options, optionNames)) checkEach(check, options)
  const agent = consulAgent(check, options ?? {})
  check.done()
  const { waitMs = 300_000, timeoutMs = 5_000, minRefreshMs = 2_000, random = Math.random } = options
  const { passingOnly = true, protocol, serverName } = options
  const reading = { passingOnly, protocol, serverName }
  const settings = { agent, path: pathOf(options), reading, waitMs, timeoutMs, minRefreshMs, random }
  return {
    watch: (listener) => watchConsul(settings, listener),
  }
}

function checkEach(check: OptionCheck, options: ConsulEndpointsOptions): void {
  const { tags, waitMs } = options
  for (const name of ['service', 'datacenter', 'near', 'serverName'] as const) {
    const value: unknown = options[name]
    if (value === undefined && name !== 'service') continue
    if (typeof value !== 'string' || value === '')
      check.add(name, `must be a text that is not empty, not ${show(value)}`)
  }
  if (
    tags !== undefined &&
    (!Array.isArray(tags) || tags.some((tag) => typeof tag !== 'string' || tag === ''))
  ) {
    check.add('tags', `must be a list of texts that are not empty, not ${show(tags)}`)
  }
  check.boolean('passingOnly', options.passingOnly)
  check.oneOf('protocol', options.protocol, ['http', 'https'])
  check.oneOf('consistency', options.consistency, ['default', 'stale', 'consistent'])
  check.milliseconds('waitMs', waitMs, { min: 0, max: maxWaitMs })
  check.milliseconds('timeoutMs', options.timeoutMs)
  check.milliseconds('minRefreshMs', options.minRefreshMs)
  check.function('random', options.random)
}

/** The question for everything at once; `&index` and `&wait` may follow. */
function pathOf(options: ConsulEndpointsOptions): string {
  const { service, tags = [], datacenter, near, passingOnly = true, consistency = 'default' } = options
  const query = [
    ...(datacenter === undefined ? [] : [`dc=${encodeURIComponent(datacenter)}`]),
    ...tags.map((tag) => `tag=${encodeURIComponent(tag)}`),
    ...(near === undefined ? [] : [`near=${encodeURIComponent(near)}`]),
    ...(passingOnly ? ['passing=1'] : []),
    ...(consistency === 'default' ? [] : [consistency]),
  ]
  return `/v1/health/service/${encodeURIComponent(service)}?${query.join('&')}`
}
