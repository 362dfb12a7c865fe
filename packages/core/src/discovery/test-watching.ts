import { expect, onTestFinished, vi } from 'vitest'
import type { EndpointOptions, Resolver, ResolverWatch } from '../endpoints/index.js'

/** What a resolver has told. */
export interface Watching {
  readonly watch: ResolverWatch
  readonly updates: (readonly EndpointOptions[])[]
  readonly errors: string[]
  /** Waits until these are the URLs of the last list. */
  sees(...urls: readonly string[]): Promise<void>
}

/** Watches a resolver until the running test has ended. */
export function watching(resolver: Resolver): Watching {
  const updates: (readonly EndpointOptions[])[] = []
  const errors: string[] = []
  const watch = resolver.watch({
    update: (endpoints) => void updates.push(endpoints as readonly EndpointOptions[]),
    error: (error) => void errors.push((error as Error).message),
  })
  onTestFinished(() => watch.close())
  const sees = async (...urls: readonly string[]): Promise<void> => {
    await vi.waitFor(() => {
      const seen = updates.at(-1)?.map(({ url }) => url) ?? ['nothing yet']
      expect(seen.toSorted()).toEqual(urls.toSorted())
    }, 8_000)
  }
  return { watch, updates, errors, sees }
}
