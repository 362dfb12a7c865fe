import type { Operation } from '../../contract/index.js'
import {
  type CacheOptions,
  type CoalesceOptions,
  cacheDefaults,
  type OperationCacheOptions,
} from '../options/cache-options.js'

/** How the reads of one operation are cached. */
export interface CacheSettings {
  readonly staleIfErrorMs: number
  /** Lower-case names. */
  readonly ignoreHeaders: readonly string[]
}

/** How the reads of one operation share requests. */
export interface CoalesceSettings {
  /** Lower-case names. */
  readonly ignoreHeaders: readonly string[]
}

/** What one operation does with its reads; `undefined` for nothing of it. */
export interface OperationReads {
  readonly cache: CacheSettings | undefined
  readonly coalesce: CoalesceSettings | undefined
}

/** The methods whose answers may serve more than one call. */
export const readMethods: ReadonlySet<string> = new Set(['GET', 'HEAD'])

/** Whether one answer of the operation can serve several calls. */
export function canShare({ method, response }: Operation): boolean {
  if (!readMethods.has(method) || response === 'stream') return false
  return method === 'HEAD' || response !== 'none'
}

/** Whether the attempts of an operation have to keep the bytes of their answers. */
export function keepsAnswers({ cache, coalesce }: OperationReads): boolean {
  return cache !== undefined || coalesce !== undefined
}

/** What the client says counts for every operation that it can count for; what an operation says wins. */
export function cacheSettingsOf(
  operation: Operation,
  client: boolean | CacheOptions | undefined,
  override: boolean | OperationCacheOptions | undefined,
): CacheSettings | undefined {
  if (!canShare(operation) || !(override ?? client)) return undefined
  const given: OperationCacheOptions = { ...optionsIn(client), ...optionsIn(override) }
  return {
    staleIfErrorMs: given.staleIfErrorMs ?? cacheDefaults.staleIfErrorMs,
    ignoreHeaders: lowerCase(given.ignoreHeaders),
  }
}

/** The same for what is shared while it is under way. */
export function coalesceSettingsOf(
  operation: Operation,
  client: boolean | CoalesceOptions | undefined,
  override: boolean | CoalesceOptions | undefined,
): CoalesceSettings | undefined {
  if (!canShare(operation) || !(override ?? client)) return undefined
  const given: CoalesceOptions = { ...optionsIn(client), ...optionsIn(override) }
  return { ignoreHeaders: lowerCase(given.ignoreHeaders) }
}

const optionsIn = <Options extends object>(given: boolean | Options | undefined): Options | undefined =>
  typeof given === 'object' ? given : undefined

const lowerCase = (names: readonly string[] = []) => names.map((name) => name.toLowerCase())
