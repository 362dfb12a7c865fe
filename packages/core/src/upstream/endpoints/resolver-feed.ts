import { AsyncResource } from 'node:async_hooks'
import { show } from '../../foundation/config/index.js'
import { acceptEndpoints, type Endpoint } from './endpoint.js'
import type { Resolver, ResolverWatch } from './resolver.js'

/** What a feed tells of. */
export interface FeedListener {
  /** The endpoints there are now, each once. */
  endpoints(endpoints: readonly Endpoint[]): void
  /** The resolver has answered with an empty list. */
  empty(): void
  /** Nothing, or not everything, could be used. */
  error(error: unknown): void
}

const firstRewatchMs = 1_000
const maxRewatchMs = 30_000

/** A resolver must not keep the context, and so the memory, of the request in which a client was first used. */
const outsideRequests = new AsyncResource('HoldfastResolver')

/**
 * Stands between a resolver, which may be anybody's, and a set: whatever the resolver does, the set hears of clean
 * lists and of errors, and nothing after the end.
 */
export class ResolverFeed {
  readonly #resolver: Resolver
  readonly #listener: FeedListener
  #watch: ResolverWatch | undefined = undefined
  #isClosed = false
  /** Raised with every watch: what an old one still tells is not heard. */
  #generation = 0
  #failures = 0
  #timer: NodeJS.Timeout | undefined = undefined

  constructor(resolver: Resolver, listener: FeedListener) {
    this.#resolver = resolver
    this.#listener = listener
  }

  start(): void {
    outsideRequests.runInAsyncScope(() => this.#start())
  }

  refresh(): void {
    outsideRequests.runInAsyncScope(() => {
      try {
        this.#watch?.refresh?.()
      } catch (error) {
        this.#listener.error(error)
      }
    })
  }

  close(): void {
    this.#isClosed = true
    clearTimeout(this.#timer)
    const watch = this.#watch
    this.#watch = undefined
    try {
      watch?.close()
    } catch (error) {
      this.#listener.error(error)
    }
  }

  #start(): void {
    const generation = ++this.#generation
    const isHeard = (): boolean => !this.#isClosed && generation === this.#generation
    try {
      const watch = this.#resolver.watch({
        update: (list) => {
          if (isHeard()) this.#update(list)
        },
        error: (error) => {
          if (isHeard()) this.#listener.error(error)
        },
      })
      // A listener may have closed the set from within.
      if (this.#isClosed) watch.close()
      else this.#watch = watch
      this.#failures = 0
    } catch (error) {
      this.#generation++
      this.#listener.error(error)
      this.#startAgain()
    }
  }

  #startAgain(): void {
    if (this.#isClosed) return
    const delayMs = Math.min(maxRewatchMs, firstRewatchMs * 2 ** Math.min(this.#failures++, 10))
    this.#timer = setTimeout(() => this.#start(), delayMs)
    this.#timer.unref?.()
  }

  #update(list: unknown): void {
    if (!Array.isArray(list)) {
      this.#listener.error(new TypeError(`a resolver must give a list of endpoints, not ${show(list)}`))
      return
    }
    if (list.length === 0) {
      this.#listener.empty()
      return
    }
    const { endpoints, problems, duplicates } = acceptEndpoints(list)
    // The list first: an error before any list fails the calls that wait for one.
    if (endpoints.length > 0) this.#take(endpoints)
    for (const problem of problems) this.#listener.error(problem)
    if (duplicates.length > 0) {
      const names = duplicates.slice(0, 5).join(', ')
      this.#listener.error(
        new Error(`a resolver names endpoints more than once, of which the first counts: ${names}`),
      )
    }
  }

  /** What goes wrong on this side must not reach the resolver, whose loop it may end. */
  #take(endpoints: readonly Endpoint[]): void {
    try {
      this.#listener.endpoints(endpoints)
    } catch (error) {
      this.#listener.error(error)
    }
  }
}
