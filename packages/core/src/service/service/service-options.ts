import { OptionCheck, Secret, show } from '../../foundation/config/index.js'
import type { Logger } from '../../telemetry/context/index.js'
import type { LogLevel } from '../../telemetry/logging/index.js'
import type { MetricsOptions, MetricsRegistry } from '../../telemetry/metrics/index.js'
import { type AdmissionOptions, checkAdmission } from '../admission/index.js'
import { type ShutdownTimes, shutdownTimeNames } from '../lifecycle/index.js'
import { checkServerChaos, type ServerChaosOption } from '../server/index.js'

/** What `createService` can be told. */
export interface ServiceOptions<Registry extends MetricsRegistry = MetricsRegistry> {
  /** What the service is called in logs, traces and health documents. */
  readonly name: string
  readonly version?: string | undefined
  /** Where it runs, such as `production`. */
  readonly environment?: string | undefined
  /**
   * A logger like pino's.
   * @default JSON lines on standard output, for people when that is a terminal
   */
  readonly logger?: Logger | undefined
  /**
   * The lowest level that is logged, without a logger of your own.
   * @default 'info'
   */
  readonly logLevel?: LogLevel | undefined
  /**
   * Whether there is a line for each request.
   * @default true
   */
  readonly requestLog?: boolean | undefined
  /** `false` for none. */
  readonly metrics?: MetricsOptions<Registry> | false | undefined
  /**
   * `false` for no spans, whatever SDK is there.
   * @default true
   */
  readonly tracing?: boolean | undefined
  readonly health?: ServiceHealthOptions | undefined
  /** A port for health and metrics alone, which no balancer leads to; the main port answers neither then. */
  readonly management?: { readonly port: number; readonly host?: string | undefined } | undefined
  readonly shutdown?: ShutdownTimes | undefined
  /**
   * Whether SIGTERM, SIGINT and uncaught errors shut the service down.
   * @default true
   */
  readonly signals?: boolean | undefined
  /**
   * How long a request may take, in milliseconds, also when the caller would wait longer: calls made for it end then,
   * and so does `currentContext().signal`.
   * @default no limit but the caller's
   */
  readonly requestTimeoutMs?: number | undefined
  /**
   * Whether to believe the correlation id, trace, deadline and priority that a request brings. `false` where anybody
   * can call.
   * @default true
   */
  readonly trustInbound?: boolean | undefined
  /**
   * Who is let in. `true` or options: under overload no more requests are worked on at once than the service can serve,
   * the others wait for a moment or are refused. `false`: everybody, also those whose deadline has passed.
   * @default requests whose deadline has passed are refused, and no others
   */
  readonly admission?: AdmissionOptions | boolean | undefined
  /**
   * Faults to inject in front of the handlers: what `chaos()` makes, to switch it at run time, or its options. Off unless
   * it is enabled; health and metrics are never touched.
   * @default none
   */
  readonly chaos?: ServerChaosOption | undefined
}

/** Who may see more than the status in a health document. */
export interface ServiceHealthOptions {
  /**
   * What callers show as `authorization: Bearer …`.
   * @default none: callers from this machine, and those of the management port
   */
  readonly token?: string | Secret | undefined
}

/** What was not given, filled in. */
export const serviceDefaults = Object.freeze({
  logLevel: 'info',
  requestLog: true,
  tracing: true,
  signals: true,
  trustInbound: true,
} as const)

const optionNames = [
  'name',
  'version',
  'environment',
  'logger',
  'logLevel',
  'requestLog',
  'metrics',
  'tracing',
  'health',
  'management',
  'shutdown',
  'signals',
  'requestTimeoutMs',
  'trustInbound',
  'admission',
  'chaos',
]
const maxPort = 65_535

/** Whether `port` can be listened to; 0 picks one. */
export function checkPort(check: OptionCheck, path: string, port: unknown): void {
  check.number(path, port, { min: 0, max: maxPort, integer: true })
}

/** @throws {ConfigInvalidError} `CONFIG_INVALID`, naming everything that is wrong at once. */
export function checkServiceOptions(options: ServiceOptions): void {
  const check = new OptionCheck('createService()')
  if (options === undefined || options === null) check.add('', 'needs an object with the name of the service')
  else if (check.object('', options, optionNames)) {
    checkTexts(check, options)
    checkParts(check, options)
    checkAdmission(check, options.admission)
    checkServerChaos(check, options.chaos)
    check.boolean('requestLog', options.requestLog)
    check.boolean('tracing', options.tracing)
    check.boolean('signals', options.signals)
    check.boolean('trustInbound', options.trustInbound)
    check.milliseconds('requestTimeoutMs', options.requestTimeoutMs)
    if (options.logger !== undefined && options.logLevel !== undefined) {
      check.add('logLevel', 'is given with logger, which has a level of its own; leave one of them out')
    }
  }
  check.done()
}

function checkTexts(check: OptionCheck, { name, version, environment }: ServiceOptions): void {
  if (typeof name !== 'string' || name.trim() === '') {
    check.add('name', `must be the name of the service, not ${show(name)}`)
  }
  for (const [path, value] of Object.entries({ version, environment })) {
    if (value !== undefined && typeof value !== 'string')
      check.add(path, `must be a text, not ${show(value)}`)
  }
}

function checkParts(check: OptionCheck, { health, management, metrics, shutdown }: ServiceOptions): void {
  if (health !== undefined && check.object('health', health, ['token'])) checkToken(check, health.token)
  if (management !== undefined && check.object('management', management, ['port', 'host'])) {
    if (management.port === undefined) check.add('management.port', 'is missing; 0 picks a free one')
    checkPort(check, 'management.port', management.port)
  }
  if (typeof metrics === 'boolean' && metrics) {
    check.add('metrics', 'must be an object of options or false; metrics are on without it')
  }
  if (shutdown !== undefined) check.object('shutdown', shutdown, shutdownTimeNames)
}

function checkToken(check: OptionCheck, token: unknown): void {
  if (token === undefined) return
  const text = token instanceof Secret ? token.reveal() : token
  if (typeof text !== 'string' || text === '') check.add('health.token', 'must be a text that is not empty')
}
