import type { Dispatcher } from 'undici'

/** The headers given to a dispatcher, in whichever of its forms, a header with several values once for each. */
export function* headerPairs(headers: Dispatcher.DispatchOptions['headers']): Generator<[string, string]> {
  for (const [name, value] of entriesOf(headers)) {
    if (value === undefined || value === null) continue
    for (const one of Array.isArray(value) ? value : [value]) yield [name, String(one)]
  }
}

function* entriesOf(headers: Dispatcher.DispatchOptions['headers']): Generator<readonly [string, unknown]> {
  if (headers === undefined || headers === null) return
  if (!(Symbol.iterator in headers)) return yield* Object.entries(headers)
  const items = [...(headers as Iterable<unknown>)]
  if (typeof items[0] !== 'string') return yield* items as [string, unknown][]
  for (let index = 0; index < items.length; index += 2) yield [String(items[index]), items[index + 1]]
}
