/** The part of a request that a value came from. */
export type RequestPlace = 'body' | 'query' | 'path' | 'header'

/** What a schema finds wrong: an issue of Standard Schema, of zod among others. */
export interface StandardIssue {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

/** One thing that is wrong with a request, as it stands in a problem document. */
export interface ProblemEntry {
  readonly detail: string
  /** Of a value in the body: a JSON Pointer as a URI fragment. */
  readonly pointer?: string
  /** Of a value elsewhere: its name. */
  readonly parameter?: string
  /** Where `parameter` stands. */
  readonly in?: RequestPlace
}

const maxEntries = 100

/** The entries of a problem document for what a schema has found; a hostile body must not make them endless. */
export function toEntries(issues: readonly StandardIssue[], place: RequestPlace): readonly ProblemEntry[] {
  return issues.slice(0, maxEntries).map(({ message, path = [] }) => {
    const keys = path.map((part) => String(typeof part === 'object' ? part.key : part))
    if (place === 'body') return { detail: message, pointer: pointerOf(keys) }
    return { detail: message, parameter: keys.join('.'), in: place }
  })
}

/** RFC 6901, section 6. */
function pointerOf(keys: readonly string[]): string {
  return `#${keys.map((key) => `/${encodeURIComponent(key.replaceAll('~', '~0').replaceAll('/', '~1'))}`).join('')}`
}
