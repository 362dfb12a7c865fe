import { OptionCheck, show } from '../../foundation/config/index.js'
import type { Logger } from '../context/index.js'
import { quietly } from './quietly.js'

/** Who logs. */
export interface LogIdentity {
  readonly name: string
  readonly version?: string | undefined
  readonly environment?: string | undefined
}

const methods = ['debug', 'info', 'warn', 'error', 'fatal', 'child'] as const

/**
 * A logger of the application's own, whose lines name the service if they do not already.
 *
 * @throws {ConfigInvalidError} `CONFIG_INVALID` when it is not like a pino logger.
 */
export function adoptLogger(logger: Logger, { name, version, environment }: LogIdentity): Logger {
  const check = new OptionCheck('logger')
  checkLogger(check, logger)
  check.done()
  const known = bindingsOf(logger)
  const bindings = Object.fromEntries(
    Object.entries({ service: name, version, environment }).filter(
      ([field, value]) => value !== undefined && !(field in known),
    ),
  )
  if (Object.keys(bindings).length === 0) return logger
  return childOf(logger, bindings)
}

/** Tells `check` when `logger` is not like a pino logger. */
export function checkLogger(check: OptionCheck, logger: unknown): void {
  const given = logger as Partial<Record<string, unknown>> | null | undefined
  const missing = methods.filter((method) => typeof given?.[method] !== 'function')
  if (missing.length > 0) {
    check.add('logger', `must be a logger like pino's, not ${show(logger)}; it has no ${missing.join(', ')}`)
  }
}

/** A child of a logger, or the logger itself when it cannot make one: a line without a field is better than none. */
export function childOf(logger: Logger, bindings: Record<string, unknown>): Logger {
  return quietly(() => logger.child(bindings)) ?? logger
}

function bindingsOf(logger: Logger): object {
  const { bindings } = logger as { readonly bindings?: unknown }
  if (typeof bindings !== 'function') return {}
  return quietly(() => bindings.call(logger) as object) ?? {}
}
