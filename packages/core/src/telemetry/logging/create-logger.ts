import { pino } from 'pino'
import { OptionCheck, show } from '../../foundation/config/index.js'
import { standardOutput } from './background-output.js'
import { headerSerializer } from './header-allow-list.js'
import type { LogDestination } from './log-destination.js'
import { prettyLines } from './pretty-lines.js'
import { offerRawLines } from './raw-lines.js'
import { redactText } from './redact-url.js'
import { fieldSerializers } from './serializers.js'

/** The levels of a log, the most verbose first; `silent` for none at all. */
const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const

/** A level of a log. */
export type LogLevel = (typeof logLevels)[number]

/** What `createLogger` can be told. */
export interface LoggerOptions {
  /** The service, which stands as `service` in every line. */
  readonly name: string
  /** The service's version, as `version` in every line. */
  readonly version?: string | undefined
  /** Where it runs, as `environment` in every line. */
  readonly environment?: string | undefined
  /** @default 'info' */
  readonly level?: LogLevel | undefined
  /**
   * Where the lines go.
   * @default standard output, in the background
   */
  readonly destination?: LogDestination | undefined
  /**
   * Lines for people instead of JSON; `'auto'` for those on a terminal.
   * @default 'auto'
   */
  readonly pretty?: boolean | 'auto' | undefined
  /**
   * Further headers that may be logged.
   * @default none
   */
  readonly headers?: readonly string[] | undefined
}

const optionNames = ['name', 'version', 'environment', 'level', 'destination', 'pretty', 'headers']

/**
 * A pino logger: a JSON line for each event, with the service in it, errors with the chain of their causes, headers by
 * an allow-list and URLs without secrets.
 *
 * @throws {ConfigInvalidError} `CONFIG_INVALID` when an option is not what it should be.
 * @example
 * ```ts
 * import { createLogger } from '@holdfast/core'
 *
 * const logger = createLogger({ name: 'orders', version: '1.4.0' })
 * logger.info({ url: '/callback?code=4711' }, 'called back') // "url":"/callback?code=[redacted]"
 * ```
 */
export function createLogger(options: LoggerOptions): pino.Logger {
  checkOptions(options)
  const { name, version, environment, level = 'info', headers } = options
  const destination = destinationOf(options)
  const base = { service: name, version, environment }
  const time = timestamps()
  const logger = pino(
    {
      level,
      base,
      timestamp: time,
      formatters: { level: (label) => ({ level: label }) },
      serializers: fieldSerializers(headerSerializer(headers)),
      hooks: { logMethod: withRedactedMessage },
    },
    destination as pino.DestinationStream,
  )
  offerRawLines(logger, { destination, base, time })
  return logger
}

/** Where a line has no message of its own, pino takes that of its error as it is, with the secrets in its URLs. */
function withRedactedMessage(this: pino.Logger, args: Parameters<pino.LogFn>, log: pino.LogFn): void {
  const [first, message] = args as readonly unknown[]
  const error = first instanceof Error ? first : (first as { readonly err?: unknown } | null)?.err
  if (message === undefined && error instanceof Error) {
    log.call(this, first, redactText(error.message))
  } else log.apply(this, args)
}

function checkOptions(options: LoggerOptions): void {
  const check = new OptionCheck('createLogger()')
  if (options === undefined || options === null) check.add('', 'needs an object with the name of the service')
  else if (check.object('', options, optionNames)) {
    const { name, level, destination, pretty } = options
    if (typeof name !== 'string' || name === '') {
      check.add('name', `must be the name of the service, not ${show(name)}`)
    }
    check.oneOf('level', level, logLevels)
    check.oneOf('pretty', pretty, [true, false, 'auto'])
    if (destination !== undefined && typeof destination?.write !== 'function') {
      check.add('destination', `must be a stream or have a method write(), not ${show(destination)}`)
    }
  }
  check.done()
}

function destinationOf({ destination, pretty = 'auto' }: LoggerOptions): LogDestination {
  const stream = destination ?? process.stdout
  const isTerminal = 'isTTY' in stream && stream.isTTY === true
  const colour = isTerminal && (process.env.NO_COLOR ?? '') === ''
  if (pretty === true || (pretty === 'auto' && isTerminal)) return prettyLines(stream, colour)
  return destination ?? standardOutput()
}

/** The time of a line; made anew each millisecond only, since a busy service logs many lines in one. */
function timestamps(): () => string {
  let last = 0
  let text = ''
  return () => {
    const now = Date.now()
    if (now !== last) {
      last = now
      text = `,"time":"${new Date(now).toISOString()}"`
    }
    return text
  }
}
