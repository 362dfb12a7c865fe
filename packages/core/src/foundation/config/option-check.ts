import { inspect } from 'node:util'
import { ConfigInvalidError, type Problem } from '../errors/index.js'

/** Which numbers are taken. */
export interface Range {
  readonly min?: number
  readonly max?: number
  /** Whether `min` itself is refused. */
  readonly exclusive?: boolean
  readonly integer?: boolean
}

/**
 * Collects what is wrong with a set of options, so that all of it is said at once.
 *
 * Every check takes `undefined` for an option that was not given, and returns whether the value can be used.
 */
export class OptionCheck {
  readonly #subject: string
  readonly #problems: Problem[] = []

  constructor(subject: string) {
    this.#subject = subject
  }

  add(path: string, message: string): false {
    this.#problems.push({ path, message })
    return false
  }

  /** Whether anything was wrong so far. */
  get hasFailed(): boolean {
    return this.#problems.length > 0
  }

  /** Adds what another check found, its paths below `path`. */
  nest(path: string, run: () => void): boolean {
    try {
      run()
      return true
    } catch (error) {
      if (!(error instanceof ConfigInvalidError)) throw error
      for (const problem of error.problems) {
        this.add(problem.path === '' ? path : `${path}.${problem.path}`, problem.message)
      }
      return false
    }
  }

  /** `value` must be an object with no other keys than `names`. */
  object(path: string, value: unknown, names: readonly string[]): boolean {
    if (value === undefined) return true
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      return this.add(path, `must be an object of options, not ${show(value)}`)
    }
    for (const key of Object.keys(value)) {
      if (names.includes(key)) continue
      const near = nearest(key, names)
      const remedy = near === undefined ? `the options are ${names.join(', ')}` : `did you mean '${near}'?`
      this.add(path === '' ? key : `${path}.${key}`, `is not an option; ${remedy}`)
    }
    return true
  }

  number(path: string, value: unknown, range: Range = {}): boolean {
    if (value === undefined) return true
    const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY, exclusive, integer } = range
    const fits =
      typeof value === 'number' &&
      Number.isFinite(value) &&
      (exclusive ? value > min : value >= min) &&
      value <= max &&
      (!integer || Number.isInteger(value))
    return fits || this.add(path, `must be ${describe(range)}, not ${show(value)}`)
  }

  /** A duration: more than zero, and what `setTimeout` can hold. */
  milliseconds(path: string, value: unknown, range: Range = {}): boolean {
    if (value === undefined) return true
    const { min = 0, max = 2 ** 31 - 1, exclusive = true } = range
    const fits = typeof value === 'number' && (exclusive ? value > min : value >= min) && value <= max
    const least = exclusive ? `more than ${min}` : `at least ${min}`
    return fits || this.add(path, `must be ${least} and at most ${max} milliseconds, not ${show(value)}`)
  }

  boolean(path: string, value: unknown): boolean {
    return value === undefined || typeof value === 'boolean'
      ? true
      : this.add(path, `must be true or false, not ${show(value)}`)
  }

  function(path: string, value: unknown): boolean {
    return value === undefined || typeof value === 'function'
      ? true
      : this.add(path, `must be a function, not ${show(value)}`)
  }

  oneOf(path: string, value: unknown, values: readonly unknown[]): boolean {
    return value === undefined || values.includes(value)
      ? true
      : this.add(path, `must be one of ${values.map(show).join(', ')}, not ${show(value)}`)
  }

  /** @throws {ConfigInvalidError} `CONFIG_INVALID` when anything was wrong. */
  done(): void {
    if (this.#problems.length > 0) throw new ConfigInvalidError(this.#subject, this.#problems)
  }
}

/** A value as an error message shows it: short, on one line. */
export function show(value: unknown): string {
  const text = inspect(value, { depth: 0, breakLength: Number.POSITIVE_INFINITY, maxStringLength: 60 })
    .replace(/\n\s+at [\s\S]*/, '')
    .replace(/\s*\n\s*/g, ' ')
  return text.length > 80 ? `${text.slice(0, 79)}…` : text
}

/** A URL as an error message shows it: without what may be a password or a token, in front of the host or in the query. */
export function showUrl(url: unknown): string {
  if (typeof url !== 'string') return url instanceof URL ? showUrl(url.href) : show(url)
  const named = url.replace(/^([a-z][a-z0-9+.-]*:\/\/)?.*@/is, '$1***@')
  return show(named.replace(/([?#]).+/s, '$1***'))
}

function describe({ min, max, exclusive, integer }: Range): string {
  const kind = integer ? 'a whole number' : 'a number'
  if (min !== undefined && max !== undefined) {
    return `${kind} ${exclusive ? 'above' : 'from'} ${min} ${exclusive ? 'and at most' : 'to'} ${max}`
  }
  if (min !== undefined) return exclusive ? `${kind} above ${min}` : `${kind} of at least ${min}`
  return max === undefined ? kind : `${kind} of at most ${max}`
}

/** The known name within two edits of `key`: a typing mistake. */
function nearest(key: string, names: readonly string[]): string | undefined {
  let best: string | undefined
  let least = 3
  for (const name of names) {
    const distance = editDistance(key.toLowerCase(), name.toLowerCase())
    if (distance < least) {
      best = name
      least = distance
    }
  }
  return best
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}
