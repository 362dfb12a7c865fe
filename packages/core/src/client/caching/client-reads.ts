import type { Operation } from '../../contract/index.js'
import type { ResponseHeaders } from '../../foundation/errors/index.js'
import type { Emitter } from '../../foundation/events/index.js'
import type { ClientEvents } from '../../telemetry/events/index.js'
import type { CallLedger } from '../call/call-ledger.js'
import type { CacheStats } from '../operation/cache-result.js'
import type { Call } from '../operation/call.js'
import type { CallPolicyOptions } from '../options/client-options.js'
import { cacheSettingsOf, coalesceSettingsOf } from '../settings/read-settings.js'
import type { ResolvedClient } from '../settings/resolve-options.js'
import { OngoingReads } from './ongoing-reads.js'
import { openStore } from './open-store.js'
import { ResponseCache } from './response-cache.js'

interface ClientReadsParts {
  readonly cache: ResponseCache | undefined
  readonly ledger: CallLedger
  readonly basePath: string
  /** Whether any operation coalesces. */
  readonly isShared: boolean
}

/** What all operations of a client share of its reads. */
export class ClientReads {
  readonly ongoing = new OngoingReads()
  readonly cache: ResponseCache | undefined
  /** Of the reads that nobody waits for. */
  readonly ledger: CallLedger
  readonly #basePath: string
  readonly #isShared: boolean
  /** Calls that shared the request of another. */
  coalesced = 0

  constructor({ cache, ledger, basePath, isShared }: ClientReadsParts) {
    this.cache = cache
    this.ledger = ledger
    this.#basePath = basePath
    this.#isShared = isShared
  }

  stats(): { readonly cache?: CacheStats; readonly coalesced?: number } {
    return {
      ...(this.cache && { cache: this.cache.stats() }),
      ...(this.#isShared && { coalesced: this.coalesced }),
    }
  }

  /** What a call asks for, as all operations of the client name it. */
  pathOf({ request }: Call): string {
    const path = request?.path ?? ''
    return this.#basePath === '' ? path : this.#basePath + path
  }

  /** A write has been answered: what was known of its path, and of the paths that the answer names, is of no use. */
  wrote(call: Call, method: string, { status, headers }: { status: number; headers: ResponseHeaders }): void {
    const path = this.pathOf(call)
    const key = this.cache?.keyOf(call, method, path)
    const outdated = key === undefined ? [path] : (this.cache?.wrote(key, status, headers) ?? [])
    for (const one of outdated) this.ongoing.outdate(one)
  }

  close(): void {
    this.cache?.close()
  }

  /** A write may have been processed, though nobody knows. */
  mayHaveWritten(call: Call, method: string): void {
    const path = this.pathOf(call)
    this.cache?.drop(this.cache.keyOf(call, method, path))
    this.ongoing.outdate(path)
  }
}

/**
 * Opens what the operations need; nothing where none of them does.
 *
 * @throws {ConfigInvalidError} `CONFIG_INVALID` when the store cannot be opened.
 */
export function openReads(
  dependency: string,
  { base, options }: ResolvedClient,
  operations: Readonly<Record<string, Operation>>,
  { events, ledger }: { readonly events: Emitter<ClientEvents>; readonly ledger: CallLedger },
): ClientReads | undefined {
  const overrides = (options.operations ?? {}) as Readonly<Record<string, CallPolicyOptions | undefined>>
  const asks = (wants: (operation: Operation, own: CallPolicyOptions | undefined) => object | undefined) =>
    Object.entries(operations).some(([name, operation]) => wants(operation, overrides[name]) !== undefined)
  const isCached = asks((operation, own) => cacheSettingsOf(operation, options.cache, own?.cache))
  const isShared = asks((operation, own) => coalesceSettingsOf(operation, options.coalesce, own?.coalesce))
  if (!isCached && !isShared) return undefined
  let cache: ResponseCache | undefined
  if (isCached) {
    const given = typeof options.cache === 'object' ? options.cache : {}
    const store = openStore(`client of '${dependency}'`, given, (error) => {
      if (cache !== undefined) cache.failures++
      events.emit('cacheError', { dependency, error })
    })
    cache = new ResponseCache({ store, origin: base?.origin ?? `http://${dependency}` })
  }
  return new ClientReads({ cache, ledger, basePath: base?.basePath ?? '', isShared })
}
