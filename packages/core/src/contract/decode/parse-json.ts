/**
 * Parses JSON from outside. Members that could reach a prototype when the value is merged into another object are
 * dropped: `__proto__`, and a `constructor` that holds a `prototype`.
 *
 * @throws {SyntaxError} when `text` is not JSON
 */
export function parseJson(text: string): unknown {
  const value: unknown = JSON.parse(text)
  return typeof value === 'object' && value !== null && isSuspect(text) ? scrub(value) : value
}

/** Walking a value costs as much as parsing it; searching its text costs next to nothing. */
function isSuspect(text: string): boolean {
  // Any letter of the names may be written as an escape, and those of ASCII all begin like this.
  return text.includes('__proto__') || text.includes('constructor') || text.includes('\\u00')
}

function scrub(root: object): object {
  const pending: object[] = [root]
  for (let value = pending.pop(); value !== undefined; value = pending.pop()) {
    for (const key of Object.keys(value)) {
      const member: unknown = (value as Record<string, unknown>)[key]
      if (key === '__proto__') delete (value as Record<string, unknown>)[key]
      else if (typeof member === 'object' && member !== null) {
        if (key === 'constructor' && Object.hasOwn(member, 'prototype')) {
          delete (value as Record<string, unknown>)[key]
        } else pending.push(member)
      }
    }
  }
  return root
}
