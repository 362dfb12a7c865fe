import { CircuitOpenError } from '../errors/index.js'
import type { BalancingOptions } from './balancing-options.js'
import type { EndpointInput } from './endpoint.js'
import { EndpointSet } from './endpoint-set.js'
import type { EndpointGuard, EndpointState } from './endpoint-state.js'
import type { Resolver, ResolverListener } from './resolver.js'

/** A guard that a test opens and closes. */
export class TestGuard implements EndpointGuard {
  refuses = false
  retryAfterMs: number | undefined = undefined
  closed = 0

  close(): void {
    this.closed++
  }

  refuse(retryAfterMs: number): void {
    this.refuses = true
    this.retryAfterMs = retryAfterMs
  }
}

/** A resolver that says what a test has it say. */
export class TestResolver implements Resolver {
  listener: ResolverListener | undefined = undefined
  watches = 0
  closes = 0
  refreshes = 0

  watch(listener: ResolverListener) {
    this.listener = listener
    this.watches++
    return { refresh: () => void this.refreshes++, close: () => void this.closes++ }
  }

  say(...endpoints: EndpointInput[]): void {
    this.listener?.update(endpoints)
  }
}

/** `http://a:1`, `http://b:1`, and so on. */
export const urls = (names: string): string[] => [...names].map((name) => `http://${name}:1`)

/** A set that has started, whose guards a test can reach through the states. */
export function startSet(
  source: Resolver | readonly EndpointInput[],
  balancing: BalancingOptions = {},
): EndpointSet<TestGuard> {
  const set = new EndpointSet({ source, balancing, createGuard: () => new TestGuard() })
  set.start()
  return set
}

/** The state of an endpoint, by the name of its host. */
export function stateOf(set: EndpointSet<TestGuard>, name: string, now = 0): EndpointState<TestGuard> {
  for (let tries = 0; tries < 1_000; tries++) {
    const state = set.pick(undefined, now)
    if (state?.endpoint.url.includes(`//${name}:`)) return state
  }
  throw new CircuitOpenError(`${name} was never chosen`)
}
