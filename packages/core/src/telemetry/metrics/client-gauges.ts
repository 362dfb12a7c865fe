import { CollectedFamily, type Reading } from './collected-family.js'
import { describeMetric, type MetricKey, type MetricsNaming } from './metric-definitions.js'
import type { MetricFamily } from './metric-family.js'
import { dependenciesOf, type ObservedClient, type ObservedDependency } from './observed-client.js'

const breakerStates = { closed: 'closed', halfOpen: 'half_open', open: 'open', isolated: 'isolated' } as const

type Read = (dependency: ObservedDependency) => readonly Reading[]

const readers = {
  breakerState: ({ dependency, endpoints }) =>
    endpoints.flatMap(({ origin, circuitBreaker }) =>
      Object.entries(breakerStates).flatMap(([state, label]): readonly Reading[] =>
        circuitBreaker === undefined
          ? []
          : [[[dependency, origin, label], circuitBreaker.state === state ? 1 : 0]],
      ),
    ),
  budgetTokens: ({ dependency, retryBudget }) =>
    retryBudget === undefined ? [] : [[[dependency], retryBudget.tokens]],
  concurrencyLimit: ({ dependency, limit }) => (limit === undefined ? [] : [[[dependency], limit]]),
  attemptsInFlight: ({ dependency, inFlight }) => [[[dependency], inFlight]],
  callsQueued: ({ dependency, queued }) => [[[dependency], queued]],
  connections: ({ dependency, endpoints }) =>
    endpoints.flatMap(({ origin, connections }): readonly Reading[] =>
      connections === undefined ? [] : [[[dependency, origin], connections.open]],
    ),
  waitingForSocket: ({ dependency, endpoints }) =>
    endpoints.flatMap(({ origin, connections }): readonly Reading[] =>
      connections === undefined ? [] : [[[dependency, origin], connections.waitingForSocket]],
    ),
} satisfies Partial<Record<MetricKey, Read>>

/** The state of clients, read when it is scraped and at no other time. */
export class ClientGauges {
  readonly families: readonly MetricFamily[]
  readonly #watched = new Set<ObservedClient>()

  constructor(naming: MetricsNaming) {
    this.families = Object.entries(readers).map(
      ([key, read]) =>
        new CollectedFamily('gauge', describeMetric(key as keyof typeof readers, naming), () =>
          this.#read(read),
        ),
    )
  }

  watch(client: ObservedClient): () => void {
    this.#watched.add(client)
    return () => this.#watched.delete(client)
  }

  *#read(read: Read): Generator<Reading> {
    for (const client of this.#watched) {
      for (const dependency of dependenciesOf(client.$stats())) yield* read(dependency)
    }
  }
}
