import { AbortedError } from '../../foundation/errors/index.js'
import { Execution } from '../../policies/index.js'
import { backOffMs } from './back-off.js'
import { TokenBucket } from './token-bucket.js'

/** What came of a round. */
export interface RoundResult {
  /** Whether it brought something that was not known before. */
  readonly isNews: boolean
}

/** What is asked in a loop. */
export interface WatchRounds {
  /**
   * Asks a registry once, for as long as it likes.
   * @param isFresh - whether what was learnt before may be wrong, so that everything is to be asked for
   */
  round(execution: Execution, isFresh: boolean): Promise<RoundResult>
  failed(error: unknown): void
  /** Ends what the rounds hold. */
  closed(): void
}

/** How fast a loop goes. */
export interface WatchPace {
  /** A round without news that ends sooner has ended at once: it was meant to wait. */
  readonly idleMs: number
  readonly minRefreshMs: number
  readonly random: () => number
}

/** How many rounds may follow each other at once. */
const burst = 5

/**
 * Asks a registry over and over: without a pause as long as rounds wait for news, slower where they do not, and less
 * and less often where they fail. One round at a time; its timers keep no process running.
 */
export class WatchLoop {
  readonly #rounds: WatchRounds
  readonly #pace: WatchPace
  readonly #bucket: TokenBucket
  #state: 'idle' | 'asking' | 'closed' = 'idle'
  #execution: Execution | undefined = undefined
  /** Raised with every round: an old one that was broken off is not heard. */
  #generation = 0
  #isFresh = true
  #failures = 0
  #idleRounds = 0
  #startedAt = 0
  #freshAt = Number.NEGATIVE_INFINITY
  #timer: NodeJS.Timeout | undefined = undefined
  #dueAt = Number.POSITIVE_INFINITY

  constructor(rounds: WatchRounds, pace: WatchPace) {
    this.#rounds = rounds
    this.#pace = pace
    this.#bucket = new TokenBucket(burst, pace.minRefreshMs)
  }

  /** Begins a round now, in place of one that is under way. */
  start(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const generation = ++this.#generation
    this.#execution?.abort(new AbortedError('the registry is asked anew'))
    const isFresh = this.#isFresh
    const now = performance.now()
    if (isFresh) this.#freshAt = now
    this.#isFresh = false
    this.#startedAt = now
    this.#state = 'asking'
    const execution = Execution.start(() => undefined)
    this.#execution = execution
    const isHeard = (): boolean => this.#state !== 'closed' && generation === this.#generation
    void this.#rounds.round(execution, isFresh).then(
      (result) => {
        if (isHeard()) this.#succeeded(result)
      },
      (error: unknown) => {
        if (isHeard()) this.#failed(error)
      },
    )
  }

  /** Asks for everything, soon. */
  refresh(): void {
    if (this.#state === 'closed') return
    this.#isFresh = true
    const waitMs = this.#freshAt + this.#pace.minRefreshMs - performance.now()
    this.#schedule(Math.max(0, waitMs))
  }

  close(): void {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    clearTimeout(this.#timer)
    this.#execution?.abort(new AbortedError('the resolver was closed'))
    this.#rounds.closed()
  }

  #succeeded({ isNews }: RoundResult): void {
    const now = performance.now()
    const isIdle = !isNews && now - this.#startedAt < this.#pace.idleMs
    this.#state = 'idle'
    this.#failures = 0
    this.#idleRounds = isIdle ? this.#idleRounds + 1 : 0
    const paceMs = this.#bucket.take(now)
    const idleMs = this.#idleRounds === 0 ? 0 : backOffMs(this.#idleRounds, this.#pace.random)
    this.#schedule(Math.max(paceMs, idleMs))
  }

  #failed(error: unknown): void {
    this.#state = 'idle'
    // What changed meanwhile was missed, and a registry that was set up anew counts from the beginning.
    this.#isFresh = true
    this.#schedule(backOffMs(++this.#failures, this.#pace.random))
    this.#rounds.failed(error)
  }

  #schedule(delayMs: number): void {
    const dueAt = performance.now() + delayMs
    if (this.#timer !== undefined && dueAt >= this.#dueAt) return
    clearTimeout(this.#timer)
    this.#dueAt = dueAt
    this.#timer = setTimeout(() => this.start(), delayMs)
    this.#timer.unref?.()
  }
}
