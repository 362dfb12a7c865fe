import { ConfigInvalidError, type Problem } from '../errors/index.js'

/** Bounds of a number; both ends are allowed. */
export interface NumberBounds {
  readonly min?: number
  readonly max?: number
  readonly integer?: boolean
  readonly infinite?: boolean
}

/** Collects everything that is wrong with some options, to throw it at once. */
export class OptionCheck {
  readonly problems: Problem[] = []
  readonly #subject: string

  constructor(subject: string) {
    this.#subject = subject
  }

  add(path: string, message: string): void {
    this.problems.push({ path, message })
  }

  /** Refuses names that are no option, which are most often misspelt ones. */
  keys(options: unknown, known: readonly string[]): boolean {
    if (typeof options !== 'object' || options === null || Array.isArray(options)) {
      this.add('', `takes an object of options, not ${describe(options)}`)
      return false
    }
    for (const key of Object.keys(options)) {
      if (!known.includes(key)) this.add(key, `is no option; there are ${known.join(', ')}`)
    }
    return true
  }

  number(path: string, value: unknown, bounds: NumberBounds = {}): void {
    const { min = 0, max = Number.POSITIVE_INFINITY, integer = false, infinite = false } = bounds
    const kind = integer ? 'a whole number' : 'a number'
    const range = max === Number.POSITIVE_INFINITY ? `of at least ${min}` : `from ${min} to ${max}`
    const fits =
      typeof value === 'number' &&
      value >= min &&
      value <= max &&
      (Number.isFinite(value) || infinite) &&
      (!integer || Number.isInteger(value) || infinite)
    if (!fits) this.add(path, `must be ${kind} ${range}, not ${describe(value)}`)
  }

  oneOf(path: string, value: unknown, allowed: readonly unknown[]): void {
    if (!allowed.includes(value)) {
      this.add(path, `must be one of ${allowed.map(describe).join(', ')}, not ${describe(value)}`)
    }
  }

  /** @throws {ConfigInvalidError} `CONFIG_INVALID` with every problem found. */
  done(): void {
    if (this.problems.length > 0) throw new ConfigInvalidError(this.#subject, this.problems)
  }
}

/** A value as it should appear in a message. */
export function describe(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'function') return 'a function'
  return typeof value === 'object' && value !== null ? 'an object' : String(value)
}
