import { isThenable } from '../../foundation/cancellation/index.js'
import type { Logger } from '../context/index.js'

const ignore = (): void => {}

/** What `log` returns. A logger that throws, or returns a promise that rejects, never changes what is logged about. */
export function quietly<Result>(log: () => Result): Result | undefined {
  try {
    const result = log()
    if (isThenable(result)) result.then(undefined, ignore)
    return result
  } catch {
    return undefined
  }
}

const ranks: Readonly<Record<string, number>> = {
  trace: 10,
  debug: 20,
  info: 30,
  warn: 40,
  error: 50,
  fatal: 60,
  silent: Number.POSITIVE_INFINITY,
}

/** Whether lines of `level` are written. A logger that does not say is taken to write them. */
export function isLogged(logger: Logger, level: 'debug' | 'info' | 'warn' | 'error'): boolean {
  try {
    if (logger.isLevelEnabled !== undefined) return logger.isLevelEnabled(level)
    return (ranks[level] ?? 0) >= (ranks[logger.level] ?? 0)
  } catch {
    return false
  }
}
