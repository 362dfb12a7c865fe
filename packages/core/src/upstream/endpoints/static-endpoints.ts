import { OptionCheck } from '../../foundation/config/index.js'
import { checkEndpoints, type EndpointInput } from './endpoint.js'
import type { Resolver, ResolverListener, ResolverWatch } from './resolver.js'

/** A list of endpoints that changes only when it is told to. */
export interface StaticEndpoints extends Resolver {
  /**
   * Replaces the list, for every client that uses it.
   * @throws {ConfigInvalidError} `CONFIG_INVALID`, naming everything that is wrong; the old list stays.
   */
  replace(endpoints: readonly EndpointInput[]): void
}

class StaticResolver implements StaticEndpoints {
  readonly #listeners = new Set<ResolverListener>()
  #endpoints: readonly EndpointInput[]

  constructor(endpoints: readonly EndpointInput[]) {
    this.#endpoints = checked(endpoints)
  }

  replace(endpoints: readonly EndpointInput[]): void {
    this.#endpoints = checked(endpoints)
    for (const listener of [...this.#listeners]) listener.update(this.#endpoints)
  }

  watch(listener: ResolverListener): ResolverWatch {
    // A wrapper, so that one listener that watches twice is two.
    const own: ResolverListener = {
      update: (endpoints) => listener.update(endpoints),
      error: (error) => listener.error(error),
    }
    this.#listeners.add(own)
    own.update(this.#endpoints)
    return { close: () => void this.#listeners.delete(own) }
  }
}

/** A copy, which later changes of the given list do not reach. */
function checked(endpoints: readonly EndpointInput[]): readonly EndpointInput[] {
  const check = new OptionCheck('staticEndpoints()')
  checkEndpoints(check, '', endpoints)
  check.done()
  return endpoints.map((endpoint) => (typeof endpoint === 'string' ? endpoint : { ...endpoint }))
}

/**
 * Endpoints that are known beforehand. A plain list in a client's options does the same; this one can be changed
 * while clients use it.
 *
 * @throws {ConfigInvalidError} `CONFIG_INVALID`, naming everything that is wrong at once, duplicates included.
 * @example
 * ```ts
 * const endpoints = staticEndpoints(['http://orders-1:3000', { url: 'http://orders-2:3000', weight: 2 }])
 * endpoints.replace(['http://orders-3:3000'])
 * ```
 */
export function staticEndpoints(endpoints: readonly EndpointInput[]): StaticEndpoints {
  return new StaticResolver(endpoints)
}
