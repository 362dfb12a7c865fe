import { type Dispatcher, errors } from 'undici'
import { AbortedError, isHoldfastError } from '../../../foundation/errors/index.js'
import type { Priority } from '../../../foundation/priority/index.js'
import type { Execution } from '../../../policies/index.js'
import { contextStorage } from '../../../telemetry/context/index.js'
import type { CallTrace } from '../../../telemetry/tracing/index.js'
import type { UsualLatency } from '../../attempt/attempt-facts.js'
import type { Verdict } from '../../attempt/classify.js'
import { describeError } from '../../call/describe-error.js'
import type { RunningCall } from '../../call/running-call.js'
import type { OriginEntry } from '../../destinations/origin-registry.js'
import type { RepeatableCall } from '../../slots/policy-slot.js'
import { OwnContextHandler } from './own-context-handler.js'
import { isReplayableBody, mayRepeat } from './request-facts.js'

/** An attempt whose answer has begun. */
export interface AnsweredAttempt {
  readonly controller: Dispatcher.DispatchController | undefined
  /** Aborts the answer that is being passed on. */
  stop(reason: Error): void
  pause(): void
  resume(): void
  /** Lets go of the answer. */
  discard(): void
}

/**
 * One request of a dispatcher's user. It travels as the `data` of the execution, and is the controller that the user's
 * handler gets for all attempts together.
 */
export class InterceptedCall implements RepeatableCall, RunningCall, Dispatcher.DispatchController {
  readonly options: Dispatcher.DispatchOptions
  readonly handler: Dispatcher.DispatchHandler
  readonly operation: string
  readonly origin: string
  readonly latency: UsualLatency
  readonly replayable: boolean
  readonly startedAt = performance.now()
  /** Of the request that it is made for. */
  readonly context = contextStorage.getStore()
  /** Whether its host may know of that one. */
  readonly propagates: boolean
  priority: Priority | undefined = undefined
  /** The total time until its answer. */
  timeoutMs: number | undefined = undefined
  failure: unknown = undefined
  verdict: Verdict | undefined = undefined
  trace: CallTrace | undefined = undefined
  request: { readonly replayable: boolean }
  attempts = 0
  /** Of the answer that was passed on; 0 without one. */
  status = 0
  /** Whether the first attempt has two legs: the error of one waits for what the other one brings. */
  isHedged = false
  /** The attempt whose answer the user gets. */
  adopted: AnsweredAttempt | undefined = undefined
  /** Attempts whose answers wait for the decision whether there will be another one. */
  readonly #held = new Set<AnsweredAttempt>()
  readonly #dependency: string
  /** Interceptors below add to it while the user's handler holds it. */
  readonly #context: object = {}
  #execution: Execution | undefined = undefined
  /** Whether undici has refused the request for what it is. */
  isRefused = false
  #isAnnounced = false
  #isAborted = false
  #reason: Error | null = null
  #isPaused = false

  constructor(
    options: Dispatcher.DispatchOptions,
    handler: Dispatcher.DispatchHandler,
    { origin, dependency, latency, propagates }: OriginEntry,
  ) {
    const ownHandler = new OwnContextHandler(handler)
    this.handler = ownHandler
    this.operation = options.method
    this.origin = origin
    this.#dependency = dependency
    this.latency = latency
    this.propagates = propagates
    const isReplayable = isReplayableBody(options.body)
    this.request = { replayable: isReplayable }
    this.replayable = isReplayable && mayRepeat(options)
    const body = isReplayable ? bodyToRepeat(options.body) : ownHandler.bodyOf(options.body)
    this.options =
      body === options.body ? options : { ...options, body: body as NonNullable<typeof options.body> }
  }

  get aborted(): boolean {
    return this.#isAborted
  }

  get reason(): Error | null {
    return this.#reason
  }

  get paused(): boolean {
    return this.#isPaused
  }

  get rawHeaders(): Buffer[] | string[] | null {
    return (this.adopted?.controller?.rawHeaders ?? null) as Buffer[] | null
  }

  get rawTrailers(): Buffer[] | string[] | null {
    return (this.adopted?.controller?.rawTrailers ?? null) as Buffer[] | null
  }

  begin(execution: Execution): void {
    this.#execution = execution
  }

  /**
   * Hands the user's handler its controller, with which it may abort from now on, once: when an attempt starts, or has
   * to wait for its start. A request that undici refuses is never announced.
   */
  announce(): void {
    if (this.#isAnnounced || this.isRefused) return
    this.#isAnnounced = true
    try {
      this.handler.onRequestStart?.(this, this.#context)
    } catch (error) {
      this.#execution?.abort(error)
    }
  }

  /** What an attempt's dispatcher says about it. */
  learn(context: unknown): void {
    if (typeof context === 'object' && context !== null) Object.assign(this.#context, context)
  }

  abort(given?: Error): void {
    if (this.#isAborted) return
    this.#isAborted = true
    const reason = given ?? new errors.RequestAbortedError()
    this.#reason = reason
    if (this.adopted !== undefined) this.adopted.stop(reason)
    else this.#execution?.abort(new AbortedError(undefined, { cause: reason }))
  }

  pause(): void {
    this.#isPaused = true
    this.adopted?.pause()
  }

  resume(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    this.adopted?.resume()
  }

  /** Keeps the answer of `attempt` until it is adopted or another attempt begins. */
  hold(attempt: AnsweredAttempt): void {
    this.#held.add(attempt)
  }

  /** Drops the answers that are held, and what of them is still on the wire. */
  dropHeld(): void {
    for (const attempt of this.#held) if (attempt !== this.adopted) attempt.discard()
    this.#held.clear()
  }

  /** Tells the user's handler of a failure. What the user threw or aborted with comes back as it was. */
  deliver(error: unknown): void {
    const isOwn = this.#isAborted && (error === this.#reason || isHoldfastError(error, 'ABORTED'))
    this.handler.onResponseError?.(this, (isOwn ? this.#reason : this.describe(error)) as Error)
  }

  /** Says of an error which call it ended. */
  describe(error: unknown): unknown {
    return describeError(error, this, this.#dependency)
  }
}

/** Bytes are copied: their owner may use the buffer for something else before the last attempt is sent. */
function bodyToRepeat(body: unknown): unknown {
  return body instanceof Uint8Array ? Buffer.from(body) : body
}
