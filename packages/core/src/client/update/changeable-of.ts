import type { OptionCheck } from '../../foundation/config/index.js'
import { changeableNames, clientOptionNames } from '../options/option-names.js'

const changeable: ReadonlySet<string> = new Set(changeableNames)
const known: ReadonlySet<string> = new Set(clientOptionNames)
const remedy = 'cannot change at run time; make a new client'

/** Options of single operations that are part of what a client is made of. */
const fixedOfOperations = ['cache', 'coalesce'] as const

/** What of `options` can change. The rest is told to `check`, except for unknown names, which are kept to be refused. */
export function changeableOf(check: OptionCheck, options: object | undefined): object {
  if (!check.object('', options ?? null, Object.keys(Object(options))) || options === undefined) return {}
  for (const [name, override] of Object.entries(operationsIn(options))) {
    for (const fixed of fixedOfOperations) {
      if (Object(override)[fixed] !== undefined) check.add(`operations.${name}.${fixed}`, remedy)
    }
  }
  const entries = Object.entries(options).filter(([name, value]) => {
    if (value === undefined) return false
    return changeable.has(name) || !known.has(name) || check.add(name, remedy)
  })
  return Object.fromEntries(entries)
}

function operationsIn(options: object): object {
  const { operations } = options as { readonly operations?: unknown }
  return typeof operations === 'object' && operations !== null ? operations : {}
}
