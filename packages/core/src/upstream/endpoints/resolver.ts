import type { EndpointInput } from './endpoint.js'

/** What a resolver tells of. None of it throws, and after `close()` all of it is ignored. */
export interface ResolverListener {
  /**
   * The endpoints there are now, all of them. One that is not among them any more is drained: it gets no new calls,
   * and what is in flight on it goes on. An empty list changes nothing unless `allowEmpty` was asked for.
   */
  update(endpoints: readonly EndpointInput[]): void
  /** Nothing could be learnt: the last list stays. */
  error(error: unknown): void
}

/** A resolver at work for one client. */
export interface ResolverWatch {
  /** Asks for a look sooner than planned, because an endpoint could not be reached. It may be passed over. */
  refresh?(): void
  /** Ends it: nothing is told any more, and nothing of it keeps the process running. */
  close(): void
}

/**
 * Where the endpoints of a dependency come from. It pushes: it tells its listener of the list whenever it has one, at
 * once from within `watch` if it can, and later as often as the list changes. It repeats what fails by itself.
 *
 * @example
 * ```ts
 * import type { Resolver } from '@holdfast/core'
 *
 * const fromFile: Resolver = {
 *   watch(listener) {
 *     listener.update(['http://10.0.0.1:3000', { url: 'http://10.0.0.2:3000', weight: 2 }])
 *     return { close() {} }
 *   },
 * }
 * ```
 */
export interface Resolver {
  /** Begins to tell `listener`, which is one client's. Each client of a resolver has a watch of its own. */
  watch(listener: ResolverListener): ResolverWatch
}
