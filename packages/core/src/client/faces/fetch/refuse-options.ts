import { show } from '../../../foundation/config/index.js'
import type { Problem } from '../../../foundation/errors/index.js'

type GivenOptions = RequestInit & { readonly dispatcher?: unknown; readonly cache?: unknown }

/** The values that the Fetch standard knows. Without a browser around them they change nothing. */
const known = {
  mode: ['cors', 'no-cors', 'same-origin'],
  credentials: ['include', 'omit', 'same-origin'],
  cache: ['default', 'force-cache', 'no-cache', 'no-store', 'only-if-cached', 'reload'],
} as const

/** Refuses what `fetch` refuses, and what other implementations promise with options that this one would not keep. */
export function refuseOptions(init: GivenOptions, problems: Problem[]): void {
  for (const name of ['mode', 'credentials', 'cache'] as const) {
    const value: unknown = init[name]
    const values: readonly string[] = known[name]
    if (value === undefined || values.includes(String(value))) continue
    problems.push({ path: name, message: `must be one of ${values.join(', ')}, not ${show(value)}` })
  }
  if (init.cache === 'only-if-cached' && init.mode !== 'same-origin') {
    problems.push({ path: 'cache', message: 'is only-if-cached, which needs the mode same-origin' })
  }
  if (typeof init.integrity === 'string' && init.integrity !== '') {
    problems.push({ path: 'integrity', message: 'is not checked; leave it out' })
  }
  if (init.dispatcher !== undefined) {
    problems.push({ path: 'dispatcher', message: 'is an option of createFetch(), not of a call' })
  }
}
