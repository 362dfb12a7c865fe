import { hostname } from 'node:os'
import { OptionCheck, show } from '../../../foundation/config/index.js'
import { originOf } from '../../endpoints/index.js'
import {
  type ConsulAgent,
  type ConsulAgentOptions,
  consulAgent,
  consulAgentOptionNames,
} from './consul-agent.js'

/** How Consul finds out whether an instance is well. */
export interface ConsulCheckOptions {
  /**
   * `http`: the agent asks `url`. `ttl`: the service tells the agent that it lives, which needs no way from the agent to
   * the service.
   * @default 'http'
   */
  readonly kind?: 'http' | 'ttl' | undefined
  /**
   * What the agent asks.
   * @default /readyz of host and port, or of 127.0.0.1 without host
   */
  readonly url?: string | undefined
  /**
   * How often the agent asks, in milliseconds; or, with `ttl`, three times the time between two signs of life.
   * @default 5000, 15000 with ttl
   */
  readonly intervalMs?: number | undefined
  /**
   * How long the agent waits for an answer, in milliseconds.
   * @default 1000
   */
  readonly timeoutMs?: number | undefined
  /**
   * After how long of being critical the agent drops the instance, in milliseconds. Consul takes no less than a minute.
   * @default 60000
   */
  readonly deregisterAfterMs?: number | undefined
  /**
   * What it is taken for until the first check: Consul's own default is `critical`. Register once the service listens.
   * @default 'passing'
   */
  readonly initialStatus?: 'passing' | 'critical' | undefined
}

/** Options of `registerWithConsul`. */
export interface ConsulRegistrationOptions extends ConsulAgentOptions {
  /** The port that the service listens to. */
  readonly port: number
  /**
   * The address or name at which others reach the service.
   * @default the address of the agent's node
   */
  readonly host?: string | undefined
  /**
   * The name under which it is found.
   * @default the service's
   */
  readonly name?: string | undefined
  /**
   * What tells this instance from the others of the agent.
   * @default name, host name of the machine and port
   */
  readonly id?: string | undefined
  /** For those who look for some instances only. */
  readonly tags?: readonly string[] | undefined
  /** Values that `consulEndpoints` and others can read; `version` is the service's unless it is given. */
  readonly meta?: Readonly<Record<string, string>> | undefined
  /** The zone in which it runs: the meta value `zone`. */
  readonly zone?: string | undefined
  /**
   * `https` where it is served so: the meta value `protocol`.
   * @default 'http'
   */
  readonly protocol?: 'http' | 'https' | undefined
  /**
   * Its share of the calls, from 1 to 65535.
   * @default 1
   */
  readonly weight?: number | undefined
  /** How Consul finds out whether it is well. */
  readonly check?: ConsulCheckOptions | undefined
  /**
   * How often the agent is asked whether it still knows the service, in milliseconds. One that has lost its memory is
   * told again.
   * @default 30000
   */
  readonly reconcileMs?: number | undefined
  /**
   * How long an answer of the agent is waited for, in milliseconds.
   * @default 5000
   */
  readonly timeoutMs?: number | undefined
  /**
   * Source of chance, from 0 to below 1.
   * @default Math.random
   */
  readonly random?: (() => number) | undefined
}

/** What is registered, and how. */
export interface ResolvedRegistration {
  readonly agent: ConsulAgent
  readonly id: string
  /** The body of the registration, as Consul's API has it. */
  readonly body: string
  /** Between two signs of life; `undefined` where the agent asks. */
  readonly beatMs: number | undefined
  readonly reconcileMs: number
  readonly timeoutMs: number
  readonly random: () => number
}

const optionNames = [
  ...consulAgentOptionNames,
  'port',
  'host',
  'name',
  'id',
  'tags',
  'meta',
  'zone',
  'protocol',
  'weight',
  'check',
  'reconcileMs',
  'timeoutMs',
  'random',
] as const satisfies readonly (keyof ConsulRegistrationOptions)[]

const checkNames = [
  'kind',
  'url',
  'intervalMs',
  'timeoutMs',
  'deregisterAfterMs',
  'initialStatus',
] as const satisfies readonly (keyof ConsulCheckOptions)[]

const leastDeregisterMs = 60_000
const maxWeight = 65_535

/**
 * Checks the options and fills in what was not given.
 * @throws {ConfigInvalidError} `CONFIG_INVALID`, naming everything that is wrong at once.
 */
export function resolveRegistration(
  service: { readonly name: string; readonly version?: string | undefined },
  options: ConsulRegistrationOptions,
): ResolvedRegistration {
  const check = new OptionCheck('registerWithConsul()')
  if (options === undefined) check.add('', 'needs an object of options with at least a port')
  else if (check.object('', options, optionNames)) checkEach(check, options)
  const agent = consulAgent(check, options ?? {})
  check.done()
  const { name = service.name, port, reconcileMs = 30_000, timeoutMs = 5_000, random = Math.random } = options
  const id = options.id ?? `${name}-${hostname()}-${port}`
  const { kind = 'http', intervalMs = 15_000 } = options.check ?? {}
  const version = service.version === undefined ? {} : { version: service.version }
  const body = JSON.stringify(bodyOf(options, { id, name, meta: { ...version, ...options.meta } }))
  const beatMs = kind === 'ttl' ? intervalMs / 3 : undefined
  return { agent, id, body, beatMs, reconcileMs, timeoutMs, random }
}

function checkEach(check: OptionCheck, options: ConsulRegistrationOptions): void {
  const { port, tags, meta } = options
  if (port === undefined) check.add('port', 'is missing; give the port that listen() resolved with')
  check.number('port', port, { min: 1, max: 65_535, integer: true })
  for (const name of ['host', 'name', 'id', 'zone'] as const) {
    const value: unknown = options[name]
    if (value === undefined || (typeof value === 'string' && value !== '')) continue
    check.add(name, `must be a text that is not empty, not ${show(value)}`)
  }
  if (tags !== undefined && (!Array.isArray(tags) || tags.some((tag) => typeof tag !== 'string'))) {
    check.add('tags', `must be a list of texts, not ${show(tags)}`)
  }
  if (meta !== undefined && !isTexts(meta)) check.add('meta', `must be an object of texts, not ${show(meta)}`)
  check.oneOf('protocol', options.protocol, ['http', 'https'])
  check.number('weight', options.weight, { min: 1, max: maxWeight, integer: true })
  check.milliseconds('reconcileMs', options.reconcileMs)
  check.milliseconds('timeoutMs', options.timeoutMs)
  check.function('random', options.random)
  if (options.check !== undefined && check.object('check', options.check, checkNames))
    checkCheck(check, options.check)
}

function checkCheck(check: OptionCheck, options: ConsulCheckOptions): void {
  const { kind = 'http', url, intervalMs, timeoutMs } = options
  check.oneOf('check.kind', kind, ['http', 'ttl'])
  check.milliseconds('check.intervalMs', intervalMs, { min: 1_000, exclusive: false })
  check.milliseconds('check.timeoutMs', timeoutMs)
  check.milliseconds('check.deregisterAfterMs', options.deregisterAfterMs, {
    min: leastDeregisterMs,
    exclusive: false,
  })
  check.oneOf('check.initialStatus', options.initialStatus, ['passing', 'critical'])
  if (
    url !== undefined &&
    !(typeof url === 'string' && /^https?:$/.test(URL.canParse(url) ? new URL(url).protocol : ''))
  ) {
    check.add('check.url', `must be an http: or https: URL, not ${show(url)}`)
  }
  for (const [name, value] of Object.entries({ url, timeoutMs })) {
    if (kind === 'ttl' && value !== undefined) {
      check.add(`check.${name}`, "cannot be used with kind 'ttl', where nobody asks; leave one of them out")
    }
  }
}

function bodyOf(
  options: ConsulRegistrationOptions,
  {
    id,
    name,
    meta,
  }: { readonly id: string; readonly name: string; readonly meta: Readonly<Record<string, string>> },
): object {
  const { host, port, tags = [], zone, protocol, weight = 1 } = options
  const marks = { ...(zone === undefined ? {} : { zone }), ...(protocol === undefined ? {} : { protocol }) }
  return {
    ID: id,
    Name: name,
    ...(host === undefined ? {} : { Address: host }),
    Port: port,
    Tags: tags,
    Meta: { ...meta, ...marks },
    Weights: { Passing: weight, Warning: 1 },
    Check: checkOf(options),
  }
}

function checkOf({
  host = '127.0.0.1',
  port,
  protocol = 'http',
  check = {},
}: ConsulRegistrationOptions): object {
  const { kind = 'http', deregisterAfterMs = leastDeregisterMs, initialStatus = 'passing' } = check
  const common = { DeregisterCriticalServiceAfter: `${deregisterAfterMs}ms`, Status: initialStatus }
  if (kind === 'ttl') return { TTL: `${check.intervalMs ?? 15_000}ms`, ...common }
  const { url = `${originOf(protocol, host, port)}/readyz`, intervalMs = 5_000, timeoutMs = 1_000 } = check
  return { HTTP: url, Interval: `${intervalMs}ms`, Timeout: `${timeoutMs}ms`, ...common }
}

function isTexts(values: unknown): boolean {
  return (
    typeof values === 'object' &&
    values !== null &&
    Object.values(values).every((value) => typeof value === 'string')
  )
}
