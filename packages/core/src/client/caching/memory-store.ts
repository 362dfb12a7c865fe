import type { CacheKey, CacheValue } from '../options/cache-options.js'
import { type ResponseStore, type StoredResponse, storedResponse } from './stored-response.js'

/** What a memory store holds at most. */
export interface MemoryBounds {
  readonly maxBytes: number
  readonly maxEntries: number
  readonly maxEntryBytes: number
}

interface Entry {
  readonly stored: StoredResponse
  readonly place: string
  readonly uri: string
  readonly bytes: number
  /** Used before it. */
  older: Entry | undefined
  newer: Entry | undefined
}

/** The responses of one path, and the request headers that tell them apart. */
interface Variants {
  readonly names: readonly string[]
  readonly places: string[]
}

/** What an entry costs beside its text: maps, objects, the buffer's own. */
const overheadBytes = 500

/**
 * Keeps responses in memory; whatever was used least recently goes first. An entry is one lookup away however many
 * variants its path has.
 */
export class MemoryStore implements ResponseStore {
  readonly #bounds: MemoryBounds
  readonly #entries = new Map<string, Entry>()
  readonly #variants = new Map<string, Variants>()
  // A list, because the first key of a map from which the first ones are deleted takes long to find.
  #oldest: Entry | undefined = undefined
  #newest: Entry | undefined = undefined
  #bytes = 0

  constructor(bounds: MemoryBounds) {
    this.#bounds = bounds
  }

  get size() {
    return { entries: this.#entries.size, bytes: this.#bytes }
  }

  get(key: CacheKey): StoredResponse | undefined {
    const uri = uriOf(key)
    const variants = this.#variants.get(uri)
    if (variants === undefined) return undefined
    const place = placeOf(uri, key, variants.names)
    const entry = this.#entries.get(place)
    if (entry === undefined) return undefined
    if (entry.stored.value.deleteAt <= Date.now()) {
      this.#drop(entry)
      return undefined
    }
    if (entry !== this.#newest) {
      this.#unlink(entry)
      this.#append(entry)
    }
    return entry.stored
  }

  put(key: CacheKey, value: CacheValue, body: Buffer): void {
    const uri = uriOf(key)
    const variants = this.#variantsFor(uri, Object.keys(value.vary ?? {}))
    const place = placeOf(uri, key, variants.names)
    const old = this.#entries.get(place)
    if (old !== undefined) this.#drop(old)
    if (body.byteLength > this.#bounds.maxEntryBytes) return
    // A body as it came is a view of everything that was read from the socket with it, and the caller's too.
    const own = Buffer.allocUnsafeSlow(body.byteLength)
    body.copy(own)
    const bytes = own.byteLength + 2 * (place.length + uri.length) + textBytes(value) + overheadBytes
    const kept = this.#variants.get(uri) ?? { names: variants.names, places: [] }
    this.#variants.set(uri, kept)
    kept.places.push(place)
    const stored = storedResponse(value, own)
    const entry: Entry = { stored, place, uri, bytes, older: undefined, newer: undefined }
    this.#entries.set(place, entry)
    this.#append(entry)
    this.#bytes += bytes
    this.#evict()
  }

  delete(key: CacheKey): void {
    this.#forget(uriOf(key))
  }

  close(): void {
    this.#entries.clear()
    this.#variants.clear()
    this.#oldest = undefined
    this.#newest = undefined
    this.#bytes = 0
  }

  /** Responses that vary by a header more are not found any more by the old ones' places, so those go. */
  #variantsFor(uri: string, names: readonly string[]): Variants {
    const known = this.#variants.get(uri)
    if (known !== undefined && names.every((name) => known.names.includes(name))) return known
    this.#forget(uri)
    return { names: known === undefined ? names : [...new Set([...known.names, ...names])], places: [] }
  }

  #forget(uri: string): void {
    for (const place of [...(this.#variants.get(uri)?.places ?? [])]) {
      const entry = this.#entries.get(place)
      if (entry !== undefined) this.#drop(entry)
    }
  }

  #evict(): void {
    const { maxBytes, maxEntries } = this.#bounds
    while (this.#oldest !== undefined && (this.#bytes > maxBytes || this.#entries.size > maxEntries)) {
      this.#drop(this.#oldest)
    }
  }

  #drop(entry: Entry): void {
    this.#unlink(entry)
    this.#entries.delete(entry.place)
    this.#bytes -= entry.bytes
    const variants = this.#variants.get(entry.uri)
    if (variants === undefined) return
    if (variants.places.length === 1) this.#variants.delete(entry.uri)
    else variants.places.splice(variants.places.indexOf(entry.place), 1)
  }

  #append(entry: Entry): void {
    entry.older = this.#newest
    entry.newer = undefined
    if (this.#newest === undefined) this.#oldest = entry
    else this.#newest.newer = entry
    this.#newest = entry
  }

  #unlink({ newer, older }: Entry): void {
    if (older === undefined) this.#oldest = newer
    else older.newer = newer
    if (newer === undefined) this.#newest = older
    else newer.older = older
  }
}

const uriOf = ({ origin, path }: CacheKey): string => origin + path

/** A line break stands in no header, so that no two requests have one place. */
function placeOf(uri: string, { headers, method }: CacheKey, names: readonly string[]): string {
  let place = `${method} ${uri}`
  for (const name of names) {
    const value = headers?.[name]
    place += value === undefined ? '\n' : `\n=${value}`
  }
  return place
}

function textBytes({ headers }: CacheValue): number {
  let bytes = 0
  for (const name in headers) bytes += name.length + String(headers[name]).length
  return bytes
}
