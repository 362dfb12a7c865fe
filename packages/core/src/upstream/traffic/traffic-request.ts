/** Headers by name, or anything with a `get` like that of `Headers`. */
export type TrafficHeaders =
  | Readonly<Record<string, string | readonly string[] | undefined>>
  | { get(name: string): string | null }

/** What is known of a call when its version is chosen. Everything may be left out. */
export interface TrafficRequest {
  /** The operation of a contract. */
  readonly operation?: string | undefined
  readonly method?: string | undefined
  /** The path, with a query or without. A typed client gives the template of the operation. */
  readonly path?: string | undefined
  /** A typed client gives those of the call's options. */
  readonly headers?: TrafficHeaders | undefined
  /** What a typed client was called with. */
  readonly input?: unknown
  /** Calls with the same key go to the same version. It wins over `stickyBy`. */
  readonly key?: string | undefined
}

/** The value of a header, whatever the case of its name; `name` is in lower case. */
export function headerOf(headers: TrafficHeaders | undefined, name: string): string | undefined {
  if (typeof headers !== 'object' || headers === null) return undefined
  if (typeof headers.get === 'function') {
    return (headers as { get(name: string): string | null }).get(name) ?? undefined
  }
  const record = headers as Readonly<Record<string, string | readonly string[] | undefined>>
  let value = record[name]
  if (value === undefined) {
    for (const key in record)
      if (key.length === name.length && key.toLowerCase() === name) value = record[key]
  }
  return typeof value === 'string' ? value : value?.[0]
}
