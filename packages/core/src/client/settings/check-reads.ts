import type { Operation } from '../../contract/index.js'
import { type OptionCheck, show } from '../../foundation/config/index.js'
import { canShare, readMethods } from './read-settings.js'

const operationNames = ['staleIfErrorMs', 'ignoreHeaders']
const storeNames = ['store', 'maxBytes', 'maxEntries', 'maxEntryBytes', 'storeTimeoutMs']

/** Tells `check` what is wrong with `cache` and `coalesce`; `operation` where they are those of one. */
export function checkReads(
  check: OptionCheck,
  at: (name: string) => string,
  { cache, coalesce }: { readonly cache?: unknown; readonly coalesce?: unknown },
  operation: Operation | undefined,
): void {
  checkCache(check, at('cache'), cache, operation !== undefined)
  if (typeof coalesce !== 'boolean' && check.object(at('coalesce'), coalesce, ['ignoreHeaders'])) {
    checkIgnored(check, at('coalesce.ignoreHeaders'), (coalesce as Record<string, unknown>)?.ignoreHeaders)
  }
  if (operation === undefined || canShare(operation)) return
  for (const [name, given] of Object.entries({ cache, coalesce })) {
    if (given) check.add(at(name), `${whyNot(operation)}; leave it out`)
  }
}

function whyNot({ method, response }: Operation): string {
  if (!readMethods.has(method)) return `contradicts the operation, which is no safe read (${method})`
  if (response === 'stream') return "contradicts response: 'stream': a stream has one reader, and is not kept"
  return `contradicts response: '${response}': the body is not read`
}

function checkCache(check: OptionCheck, path: string, cache: unknown, isOfOperation: boolean): void {
  if (cache === undefined || typeof cache === 'boolean') return
  const names = isOfOperation ? operationNames : [...operationNames, ...storeNames]
  if (isOfOperation) noteClientOptions(check, path, cache)
  const known = isOfOperation ? withoutStoreNames(cache) : cache
  if (!check.object(path, known, names)) return
  const given = known as Record<string, unknown>
  check.milliseconds(`${path}.staleIfErrorMs`, given.staleIfErrorMs, { exclusive: false })
  checkIgnored(check, `${path}.ignoreHeaders`, given.ignoreHeaders)
  if (!isOfOperation) checkStoreOptions(check, path, given)
}

function noteClientOptions(check: OptionCheck, path: string, cache: unknown): void {
  for (const name of Object.keys(Object(cache))) {
    if (storeNames.includes(name)) {
      check.add(
        `${path}.${name}`,
        'belongs to the client: all its operations share one store; give it in cache',
      )
    }
  }
}

function withoutStoreNames(cache: unknown): unknown {
  if (typeof cache !== 'object' || cache === null || Array.isArray(cache)) return cache
  return Object.fromEntries(Object.entries(cache).filter(([name]) => !storeNames.includes(name)))
}

function checkStoreOptions(check: OptionCheck, path: string, given: Record<string, unknown>): void {
  for (const name of ['maxBytes', 'maxEntries', 'maxEntryBytes']) {
    check.number(`${path}.${name}`, given[name], { min: 1, integer: true })
  }
  check.milliseconds(`${path}.storeTimeoutMs`, given.storeTimeoutMs)
  const kind = checkStore(check, `${path}.store`, given.store)
  const useless = { memory: ['storeTimeoutMs'], sqlite: ['maxBytes', 'storeTimeoutMs'], own: ownBounds }
  for (const name of kind === undefined ? [] : useless[kind]) {
    if (given[name] !== undefined) check.add(`${path}.${name}`, `has no effect on this store; leave it out`)
  }
}

const ownBounds = ['maxBytes', 'maxEntries']

function checkStore(
  check: OptionCheck,
  path: string,
  store: unknown,
): 'memory' | 'sqlite' | 'own' | undefined {
  if (store === undefined || store === 'memory') return 'memory'
  const { sqlite, ...rest } = Object(store) as Record<string, unknown>
  if (sqlite !== undefined) {
    const isPlace = typeof sqlite === 'string' && sqlite !== ''
    if (!isPlace)
      check.add(`${path}.sqlite`, `must be the path of a file, or ':memory:', not ${show(sqlite)}`)
    for (const name of Object.keys(rest))
      check.add(`${path}.${name}`, 'is not an option; the option is sqlite')
    if (!hasSqlite()) {
      const need = 'Node 22.13 and later have it, and 22.5 with --experimental-sqlite'
      check.add(path, `needs node:sqlite, which Node ${process.versions.node} does not offer; ${need}`)
    }
    return 'sqlite'
  }
  const { get, createWriteStream, delete: remove } = Object(store) as Record<string, unknown>
  if ([get, createWriteStream, remove].every((method) => typeof method === 'function')) return 'own'
  const shape = "must be 'memory', { sqlite: path }, or a store with get, createWriteStream and delete"
  check.add(path, `${shape}, not ${show(store)}`)
  return undefined
}

/** Whether this Node has `node:sqlite`. */
export function hasSqlite(): boolean {
  return process.getBuiltinModule?.('node:sqlite') !== undefined
}

function checkIgnored(check: OptionCheck, path: string, names: unknown): void {
  if (names === undefined) return
  const isList = Array.isArray(names) && names.every((name) => typeof name === 'string' && name !== '')
  if (!isList) check.add(path, `must be a list of header names, not ${show(names)}`)
  else if (names.some((name) => name.toLowerCase() === 'authorization')) {
    check.add(path, "must not name authorization: one caller's answer would be another's; leave it out")
  }
}
