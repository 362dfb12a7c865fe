import { isDeepStrictEqual } from 'node:util'

type Options = Readonly<Record<string, unknown>>

/** One option that is no longer what it was. */
export interface OptionChange {
  /** Where it stands, such as `retry.maxAttempts`. */
  readonly option: string
  /** `undefined` for what was not given, and so is the default. */
  readonly from: unknown
  readonly to: unknown
}

/** By its prototype: what a class has made is a value, and never taken apart. */
function isOptions(value: unknown): value is Options {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/**
 * `changes` laid over `base`, neither of which is touched. Objects of options are merged option by option, whatever else
 * there is replaces what was there, and what is `undefined` leaves it as it was.
 */
export function mergeOptions<Base extends object>(base: Base, changes: object): Base {
  // A map: the name `__proto__` of a file must not become a prototype.
  const merged = new Map<string, unknown>(Object.entries(base))
  for (const [name, change] of Object.entries(changes)) {
    if (change === undefined) continue
    const before = merged.get(name)
    merged.set(name, isOptions(change) ? mergeOptions(isOptions(before) ? before : {}, change) : change)
  }
  return Object.fromEntries(merged) as Base
}

/** What differs between two sets of options, option by option. */
export function changedOptions(before: object, after: object, path = ''): readonly OptionChange[] {
  const [old, fresh] = [before as Options, after as Options]
  return [...new Set([...Object.keys(old), ...Object.keys(fresh)])].flatMap((name) => {
    const option = path === '' ? name : `${path}.${name}`
    const [from, to] = [old[name], fresh[name]]
    const isNested = isOptions(from) ? isOptions(to ?? {}) : from === undefined && isOptions(to)
    if (isNested) return changedOptions(from ?? {}, to ?? {}, option)
    return isDeepStrictEqual(from, to) ? [] : [{ option, from, to }]
  })
}
