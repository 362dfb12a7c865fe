import { type HoldfastError, isHoldfastError } from '../../foundation/errors/index.js'

/**
 * The failure of a shared request, for one more of the calls that shared it: of the same class and with the same
 * facts, but another object, because attempts and elapsed time are those of one call. What is no error of Holdfast's is
 * a bug, and given as it is.
 */
export function errorForEach(error: unknown): unknown {
  if (!isHoldfastError(error)) return error
  const copy = Object.setPrototypeOf(new Error(error.message), Object.getPrototypeOf(error)) as HoldfastError
  for (const name of Object.getOwnPropertyNames(error)) {
    const value = error[name as keyof HoldfastError] as unknown
    const enumerable = Object.prototype.propertyIsEnumerable.call(error, name)
    Object.defineProperty(copy, name, {
      value: ownValue(name, value),
      enumerable,
      writable: true,
      configurable: true,
    })
  }
  return copy
}

/** The body and headers of an error status can be changed by whoever gets them. */
function ownValue(name: string, value: unknown): unknown {
  if ((name !== 'body' && name !== 'headers') || typeof value !== 'object') return value
  try {
    return structuredClone(value)
  } catch {
    // A schema may make something of it that cannot be cloned.
    return value
  }
}
