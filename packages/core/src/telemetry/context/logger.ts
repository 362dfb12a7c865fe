/** One log method, as pino has it: what to log beside the message comes first. */
export interface LogMethod {
  (fields: object, message?: string): void
  (message: string): void
}

/** The part of a pino logger that Holdfast uses; any logger of this shape will do. */
export interface Logger {
  readonly level: string
  debug: LogMethod
  info: LogMethod
  warn: LogMethod
  error: LogMethod
  fatal: LogMethod
  child(bindings: Record<string, unknown>): Logger
  isLevelEnabled?(level: string): boolean
  flush?(callback?: (error?: Error) => void): void
}
