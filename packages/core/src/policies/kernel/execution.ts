import { type Abortable, AbortScope } from '../../foundation/cancellation/index.js'
import type { HoldfastError } from '../../foundation/errors/index.js'
import type { Priority } from '../../foundation/priority/index.js'
import { CallTimer } from './call-timer.js'

export type { Abortable }

/** One step of a composed pipeline: does its part and calls the next step. `Data` is what whoever starts calls gives them. */
export type Step<Data = unknown> = (execution: Execution<Data>) => Promise<unknown>

/** What a protected function is told about the call that it serves. */
export interface ExecutionContext {
  /** Aborts when the attempt's or the call's time is up, or the caller gives up. Created when first read. */
  readonly signal: AbortSignal
  /** 1 for the first attempt. */
  readonly attempt: number
  /** Whether this is the extra leg of a hedged call. */
  readonly hedged: boolean
  /** Milliseconds left of all timeouts around; `Infinity` without one. */
  remainingMs(): number
}

/** The work that a call protects. */
export type Work = (context: ExecutionContext) => unknown

/**
 * One call on its way through the policies, or one part of it that can be cancelled by itself.
 *
 * The parts form a tree: `timeout` and `hedge` fork one, everybody else passes on what it was given. An abort
 * travels down the tree. All parts of a call share one timer.
 */
export class Execution<Data = unknown> extends AbortScope implements ExecutionContext {
  readonly work: Work
  readonly data: Data
  readonly #timer: CallTimer
  readonly #parent: Execution | undefined
  /** Who goes first, and who has to go, where there is no room for all. */
  readonly priority: Priority
  attempt: number
  hedged: boolean
  /** When the time is up, by `performance.now()`; `Infinity` without a timeout. */
  deadline: number
  /** When the attempt below handed its request over, by `performance.now()`; 0 before. */
  sentAt = 0
  /** Its place in the list of whoever started it and keeps it; -1 in none. Policies never look at it. */
  place = -1
  #expiry: ((ms: number) => HoldfastError) | undefined = undefined
  #expiryMs = 0
  /** For the call's timer: the part around this one that expires too. */
  expiresWithin: Execution | undefined = undefined
  #lingering: PromiseLike<unknown>[] | undefined = undefined

  /** For `start`, `fork`, and calls that are an execution themselves. */
  protected constructor(work: Work, data: Data, priority: Priority, parent: Execution | undefined) {
    super()
    this.work = work
    this.data = data
    this.priority = priority
    this.#parent = parent
    this.#timer = parent === undefined ? new CallTimer() : parent.#timer
    this.attempt = parent === undefined ? 1 : parent.attempt
    this.hedged = parent === undefined ? false : parent.hedged
    this.deadline = parent === undefined ? Number.POSITIVE_INFINITY : parent.deadline
  }

  /** Starts a call. `data` is for whoever started it: policies pass it on in their events and never look inside. */
  static start(work: Work): Execution<undefined>
  static start<Data>(work: Work, data: Data, priority?: Priority): Execution<Data>
  static start<Data>(work: Work, data?: Data, priority: Priority = 'default'): Execution<Data | undefined> {
    return new Execution(work, data, priority, undefined)
  }

  remainingMs(): number {
    return this.deadline === Number.POSITIVE_INFINITY
      ? this.deadline
      : Math.max(0, this.deadline - performance.now())
  }

  /** A part that can be cancelled without the rest. Call `release()` when it has settled. */
  fork(): Execution<Data> {
    const part = new Execution(this.work, this.data, this.priority, this)
    if (this.aborted) part.abort(this.reason)
    else this.attach(part)
    return part
  }

  /** Ends a fork: it hears of no more aborts and its timeout is forgotten. */
  release(): void {
    this.#parent?.detach(this)
    if (this.#expiry !== undefined) {
      this.#expiry = undefined
      this.#timer.forget(this)
    }
  }

  /** Aborts this part with `error(ms)`, `ms` milliseconds after `now`, unless a timeout around it comes first. */
  expireIn(ms: number, error: (ms: number) => HoldfastError, now: number = performance.now()): void {
    const at = now + ms
    if (at >= this.deadline) return
    this.deadline = at
    this.#expiry = error
    this.#expiryMs = ms
    this.#timer.remember(this)
  }

  /**
   * Makes sure that the timer runs. To be called once the next step has been called, so that the innermost
   * timeout, which is due first, sets the only timer of the call.
   */
  arm(now: number = performance.now()): void {
    this.#timer.arm(now)
  }

  /** For the call's timer. */
  expire(): void {
    const error = this.#expiry
    this.#expiry = undefined
    // Making an error may tell listeners of it, so none is made for what a timeout around has just ended.
    if (error !== undefined && !this.aborted) this.abort(error(this.#expiryMs))
  }

  /**
   * Says that work goes on after the step that did it has settled: an aborted function that does not listen, a
   * response that is still being streamed. A bulkhead keeps the permit until `work` settles.
   */
  linger(work: PromiseLike<unknown>): void {
    for (let part: Execution | undefined = this; part !== undefined; part = part.#parent) {
      part.#lingering ??= []
      part.#lingering.push(work)
    }
  }

  /** Says that the attempt has now handed its request over. */
  markSent(now: number): void {
    for (let part: Execution | undefined = this; part !== undefined; part = part.#parent) part.sentAt = now
  }

  /** How often `linger` was called below this part. */
  get lingered(): number {
    return this.#lingering === undefined ? 0 : this.#lingering.length
  }

  /** Settles, without a value, when the work left behind since `lingered` was `mark` has ended. */
  async settled(mark: number): Promise<void> {
    await Promise.allSettled(this.#lingering?.slice(mark) ?? [])
  }
}
