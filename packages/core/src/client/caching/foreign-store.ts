import { isThenable } from '../../foundation/cancellation/index.js'
import type { CacheEntry, CacheKey, CacheStore, CacheValue } from '../options/cache-options.js'
import { type ResponseStore, type StoredResponse, storedResponse } from './stored-response.js'

/** How a store that is not Holdfast's own is used. */
export interface ForeignStoreOptions {
  readonly maxEntryBytes: number
  /** How long a lookup may take, in milliseconds. */
  readonly timeoutMs: number
  /** Told of what went wrong; the calls themselves do not notice. */
  readonly onFailure: (error: unknown) => void
  /** Closes it, where it was opened by the client. */
  readonly close: (() => void) | undefined
}

/** How long a store that has failed is left alone, in milliseconds: calls must not wait for it one after another. */
const restMs = 1_000

/** Makes a store of undici's shape one that can neither fail a call nor hold it up. */
export class ForeignStore implements ResponseStore {
  readonly size = undefined
  readonly #store: CacheStore
  readonly #options: ForeignStoreOptions
  #restsUntil = 0

  constructor(store: CacheStore, options: ForeignStoreOptions) {
    this.#store = store
    this.#options = options
  }

  get(key: CacheKey): StoredResponse | undefined | Promise<StoredResponse | undefined> {
    if (performance.now() < this.#restsUntil) return undefined
    try {
      const found = this.#store.get(key)
      if (found === undefined) return undefined
      if (isThenable(found)) return this.#inTime(Promise.resolve(found).then(read))
      const stored = read(found)
      return isThenable(stored) ? this.#inTime(stored) : stored
    } catch (error) {
      this.#fail(error)
      return undefined
    }
  }

  put(key: CacheKey, value: CacheValue, body: Buffer): void {
    if (body.byteLength <= this.#options.maxEntryBytes) void this.#write(key, value, body)
  }

  async #write(key: CacheKey, value: CacheValue, body: Buffer): Promise<void> {
    try {
      // Some stores need to wait before they can write.
      const writing = await this.#store.createWriteStream(key, value)
      writing?.on('error', (error) => this.#fail(error))
      writing?.end(body)
    } catch (error) {
      this.#fail(error)
    }
  }

  delete(key: CacheKey): void {
    try {
      const deleting = this.#store.delete(key)
      if (isThenable(deleting)) deleting.then(undefined, (error: unknown) => this.#fail(error))
    } catch (error) {
      this.#fail(error)
    }
  }

  close(): void {
    try {
      this.#options.close?.()
    } catch (error) {
      this.#fail(error)
    }
  }

  /** What is found in time; nothing where that takes too long. */
  #inTime(finding: Promise<StoredResponse | undefined>): Promise<StoredResponse | undefined> {
    const { timeoutMs } = this.#options
    return new Promise((resolve) => {
      const giveUp = (error: unknown): void => {
        clearTimeout(timer)
        this.#fail(error)
        resolve(undefined)
      }
      const late = () => new Error(`the cache store did not answer within ${timeoutMs} ms`)
      const timer = setTimeout(() => giveUp(late()), timeoutMs)
      finding.then((stored) => {
        clearTimeout(timer)
        resolve(stored)
      }, giveUp)
    })
  }

  #fail(error: unknown): void {
    this.#restsUntil = performance.now() + restMs
    this.#options.onFailure(error)
  }
}

function read(found: CacheEntry | undefined): StoredResponse | undefined | Promise<StoredResponse> {
  if (found === undefined || found === null) return undefined
  const { body, ...value } = found
  if (body === undefined || body === null) return storedResponse(value as CacheValue, Buffer.alloc(0))
  if (typeof body === 'string') return storedResponse(value as CacheValue, Buffer.from(body))
  if (body instanceof Uint8Array) return storedResponse(value as CacheValue, bufferOf(body))
  if (Array.isArray(body)) return storedResponse(value as CacheValue, Buffer.concat(body.map(bufferOf)))
  return collect(body).then((bytes) => storedResponse(value as CacheValue, bytes))
}

async function collect(
  body: Iterable<Uint8Array | string> | AsyncIterable<Uint8Array | string>,
): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of body) chunks.push(bufferOf(chunk))
  return Buffer.concat(chunks)
}

function bufferOf(chunk: Uint8Array | string): Buffer {
  if (typeof chunk === 'string') return Buffer.from(chunk)
  return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
}
