import { AsyncLocalStorage } from 'node:async_hooks'
import type { ActiveContext } from './active-context.js'
import type { RequestContext } from './request-context.js'

const storageKey = Symbol.for('holdfast.context')
const holder = globalThis as { [storageKey]?: AsyncLocalStorage<ActiveContext> }

holder[storageKey] ??= new AsyncLocalStorage()

/** One for the process, on the global object: two copies of this package must not split the request context. */
export const contextStorage: AsyncLocalStorage<ActiveContext> = holder[storageKey]

/**
 * The context of the request that the calling code works for; `undefined` outside of one.
 *
 * @example
 * ```ts
 * import { currentContext } from '@holdfast/core'
 *
 * console.log(currentContext()?.correlationId) // undefined, outside of a request
 * ```
 */
export function currentContext(): RequestContext | undefined {
  return contextStorage.getStore()
}
