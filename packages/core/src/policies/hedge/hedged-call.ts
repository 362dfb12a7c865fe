import { Readable } from 'node:stream'
import { AbortedError } from '../../foundation/errors/index.js'
import type { Execution, Step } from '../kernel/index.js'
import { isLocalRefusal } from '../kernel/index.js'

/** Why a slow call got no second leg. */
export type HedgeSkip = 'ratio' | 'budget' | 'refused'

/** What a hedged call asks of its policy. */
interface Hedger {
  /** Whether the second leg may be sent; it is paid for when `true`. */
  tryStart(): boolean
  /** The second leg was refused by another policy of this process, so it never was one. */
  refused(): void
  /** A first leg took so long, or at least so long where it was not waited for. */
  observe(latencyMs: number): void
}

interface Leg<Data> {
  readonly execution: Execution<Data>
  state: 'running' | 'failed'
}

/** One call of one or two legs; the first success wins. */
export class HedgedCall<Data> {
  readonly #next: Step<Data>
  readonly #execution: Execution<Data>
  readonly #delayMs: number
  readonly #hedger: Hedger
  readonly #startedAt = performance.now()
  #first: Leg<Data> | undefined = undefined
  #second: Leg<Data> | undefined = undefined
  #firstError: unknown = undefined
  #settled = false
  #timer: NodeJS.Timeout | undefined = undefined
  #resolve: (value: unknown) => void = () => {}
  #reject: (reason: unknown) => void = () => {}

  constructor(next: Step<Data>, execution: Execution<Data>, delayMs: number, hedger: Hedger) {
    this.#next = next
    this.#execution = execution
    this.#delayMs = delayMs
    this.#hedger = hedger
  }

  run(): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
      this.#timer = setTimeout(hedgeNow, this.#delayMs, this)
      this.#first = this.#send(false)
    })
  }

  /** For the timer: the first leg is slow. */
  hedge(): void {
    this.#timer = undefined
    if (this.#first?.state === 'running' && this.#hedger.tryStart()) this.#second = this.#send(true)
  }

  #send(hedged: boolean): Leg<Data> {
    const leg: Leg<Data> = { execution: this.#execution.fork(), state: 'running' }
    if (hedged) leg.execution.hedged = true
    let pending: Promise<unknown>
    try {
      pending = this.#next(leg.execution)
    } catch (error) {
      // A step of somebody else's policy may throw instead of returning a rejected promise.
      pending = Promise.reject(error)
    }
    pending.then(
      (value) => this.#succeeded(leg, value),
      (error) => this.#failed(leg, error),
    )
    return leg
  }

  #succeeded(leg: Leg<Data>, value: unknown): void {
    if (this.#settled) {
      // A leg that lost by a hair has a stream that nobody will read.
      if (value instanceof Readable) value.destroy()
      return
    }
    const loser = leg === this.#first ? this.#second : this.#first
    // Of a first leg that lost it is known that it takes at least this long. Leaving it out would trim the tail,
    // lower the quantile and so hedge more and more.
    this.#hedger.observe(performance.now() - this.#startedAt)
    this.#settle()
    if (loser?.state === 'running') {
      loser.execution.abort(new AbortedError('the other leg of the hedged call was faster'))
    }
    this.#resolve(value)
  }

  #failed(leg: Leg<Data>, error: unknown): void {
    leg.state = 'failed'
    if (leg === this.#first) this.#firstError = error
    else if (isLocalRefusal(error)) this.#hedger.refused()
    const other = leg === this.#first ? this.#second : this.#first
    if (this.#settled || (other?.state === 'running' && !this.#execution.aborted)) return
    this.#settle()
    this.#reject(this.#execution.aborted ? this.#execution.reason : this.#firstError)
  }

  #settle(): void {
    this.#settled = true
    clearTimeout(this.#timer)
    this.#first?.execution.release()
    this.#second?.execution.release()
  }
}

function hedgeNow(call: { hedge(): void }): void {
  call.hedge()
}
