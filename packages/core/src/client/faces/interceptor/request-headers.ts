import type { Dispatcher } from 'undici'

type GivenHeaders = Dispatcher.DispatchOptions['headers']
type Pair = readonly [name: string, value: unknown]

/** Whether a request has a header, which is asked for in lower case. */
export function hasHeader(headers: GivenHeaders, asked: string): boolean {
  // What undici will refuse has none.
  if (typeof headers !== 'object' || headers === null) return false
  const isIt = (name: unknown): boolean => String(name).toLowerCase() === asked
  if (Array.isArray(headers)) return headers.some((name, index) => index % 2 === 0 && isIt(name))
  if (!(Symbol.iterator in headers)) return Object.keys(headers).some(isIt)
  for (const [name] of pairsOf(headers)) if (isIt(name)) return true
  return false
}

/** undici takes headers as an object, as a flat list, and as pairs. */
function* pairsOf(headers: GivenHeaders): Generator<Pair> {
  if (typeof headers !== 'object' || headers === null) return
  if (Array.isArray(headers)) {
    for (let index = 0; index < headers.length; index += 2) yield [String(headers[index]), headers[index + 1]]
  } else if (Symbol.iterator in headers) {
    for (const pair of headers as Iterable<unknown>) if (Array.isArray(pair)) yield pair as never
  } else yield* Object.entries(headers)
}

/** The names of the headers of a request, in lower case. */
export function headerNames(headers: GivenHeaders): ReadonlySet<string> {
  const names = new Set<string>()
  for (const [name] of pairsOf(headers)) names.add(String(name).toLowerCase())
  return names
}

/** `headers` and those of `added`, none of which is there already. */
export function addHeaders(
  headers: GivenHeaders,
  added: Readonly<Record<string, string>>,
): NonNullable<GivenHeaders> {
  if (headers === undefined || headers === null) return { ...added }
  if (typeof headers !== 'object') return headers
  if (!Array.isArray(headers) && !(Symbol.iterator in headers)) return { ...headers, ...added }
  return [...pairsOf(headers), ...Object.entries(added)].flatMap((pair) => [...pair]) as string[]
}
