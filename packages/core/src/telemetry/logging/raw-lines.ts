import type { LogDestination } from './log-destination.js'

/**
 * Lines of a logger that are put together here rather than by pino, which looks at each field of an object and at each
 * character of a string: for the one line that every request writes.
 */
export interface RawLines {
  /** Writes a line at `info`. `fields` are the members of a JSON object, each with a comma in front. */
  info(fields: string, message: string): void
}

const byLogger = new WeakMap<object, RawLines>()

/** How lines of `logger` are put together; `undefined` for a logger that Holdfast did not make. */
export function rawLinesOf(logger: object): RawLines | undefined {
  return byLogger.get(logger)
}

/** Lets lines of `logger` be put together by others: they look like its own. */
export function offerRawLines(
  logger: object,
  { destination, base, time }: { destination: LogDestination; base: object; time: () => string },
): void {
  const bindings = JSON.stringify(base).slice(1, -1)
  byLogger.set(logger, {
    info(fields, message) {
      destination.write(`{"level":"info"${time()},${bindings}${fields},"msg":"${message}"}\n`)
    },
  })
}
