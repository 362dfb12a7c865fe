import type { Execution } from '../../../policies/index.js'
import type { ResolverListener, ResolverWatch } from '../../endpoints/index.js'
import type { RegistryAnswer, RegistryClient } from '../registry-client.js'
import { type RoundResult, WatchLoop, type WatchRounds } from '../watch-loop.js'
import type { ConsulAgent } from './consul-agent.js'
import { type ConsulReading, endpointsOf } from './consul-answer.js'

/** What a watch goes by. */
export interface ConsulWatchSettings {
  readonly agent: ConsulAgent
  /** The question, without index and wait. */
  readonly path: string
  readonly reading: ConsulReading
  readonly waitMs: number
  readonly timeoutMs: number
  readonly minRefreshMs: number
  readonly random: () => number
}

/**
 * Consul's blocking queries, as its documentation has clients make them: each asks for what has changed since the index
 * of the one before, and the index is given up when it goes backwards.
 */
class ConsulRounds implements WatchRounds {
  readonly #settings: ConsulWatchSettings
  readonly #listener: ResolverListener
  readonly #client: RegistryClient
  /** Of the last answer; 0 asks for an answer at once. */
  #index = 0

  constructor(settings: ConsulWatchSettings, listener: ResolverListener) {
    this.#settings = settings
    this.#listener = listener
    this.#client = settings.agent.connect()
  }

  failed(error: unknown): void {
    this.#listener.error(error)
  }

  closed(): void {
    void this.#client.close()
  }

  async round(execution: Execution, isFresh: boolean): Promise<RoundResult> {
    const { agent, path, waitMs, timeoutMs } = this.#settings
    if (isFresh) this.#index = 0
    const asked = this.#index
    const waits = asked > 0
    const answer = await this.#client.ask(
      {
        path: waits ? `${path}&index=${asked}&wait=${waitMs}ms` : path,
        headers: agent.headers,
        // Consul adds a sixteenth at most, so that not all who wait come back together.
        timeoutMs: waits ? waitMs + waitMs / 16 + timeoutMs : timeoutMs,
        waits,
      },
      execution,
    )
    const entries = this.#client.parse(answer)
    if (!Array.isArray(entries)) throw this.#client.unexpected(answer, 'is no list')
    if (execution.aborted) return { isNews: false }
    const index = indexOf(answer)
    // Lower than before: the registry was restored, and what was counted until now means nothing.
    this.#index = index < asked ? 0 : Math.max(1, index)
    const isNews = !waits || index !== asked
    if (isNews) this.#listener.update(endpointsOf(entries, this.#settings.reading))
    return { isNews }
  }
}

/** Tells `listener` of the instances of a service until it is closed. */
export function watchConsul(settings: ConsulWatchSettings, listener: ResolverListener): ResolverWatch {
  const { waitMs, minRefreshMs, random } = settings
  const loop = new WatchLoop(new ConsulRounds(settings, listener), {
    idleMs: waitMs / 2,
    minRefreshMs,
    random,
  })
  loop.start()
  return loop
}

function indexOf({ headers }: RegistryAnswer): number {
  const index = Number(headers['x-consul-index'])
  return Number.isSafeInteger(index) && index > 0 ? index : 0
}
