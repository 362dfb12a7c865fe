import type { Dispatcher } from 'undici'
import { BodyTimeoutError, type ResponseHeaders } from '../../../foundation/errors/index.js'
import { type AnswerEnd, Backlog, type HandlerHeaders } from './backlog.js'
import type { InterceptedCall } from './intercepted-call.js'

/** Longer ones overflow Node.js' timers. */
const maxTimerMs = 2 ** 31 - 1

/** The beginning of an answer. */
export interface RelayedHead {
  readonly status: number
  readonly headers: ResponseHeaders
  readonly statusMessage: string | undefined
}

/** Passes one answer on to the user's handler as fast as it is taken: what was held back first, then what arrives. */
export class AnswerRelay {
  controller: Dispatcher.DispatchController | undefined = undefined
  readonly #call: InterceptedCall
  readonly #backlog = new Backlog()
  #isEnded = false
  #idleTimer: NodeJS.Timeout | undefined = undefined
  /** What the user's handler has thrown. */
  #thrown: unknown = undefined
  /** Whether the user has been told of that. */
  #isOver = false

  constructor(call: InterceptedCall) {
    this.#call = call
  }

  /** Whether nothing arrives any more. */
  get isEnded(): boolean {
    return this.#isEnded
  }

  /** Whether the user's handler hears of nothing any more. */
  get isOver(): boolean {
    return this.#isOver
  }

  get heldBytes(): number {
    return this.#backlog.bytes
  }

  /** Whether `error` is one that the user's handler has thrown. */
  threw(error: unknown): boolean {
    return this.#thrown !== undefined && error === this.#thrown
  }

  /** Begins with an answer that arrives. What the user's handler throws goes to undici, which ends the request. */
  begin(head: RelayedHead): void {
    this.#forward(() => this.#start(head))
  }

  /** Begins with an answer that was held back. */
  beginLate(head: RelayedHead): void {
    this.#safely(() => this.#start(head))
    this.#replay()
  }

  #start({ status, headers, statusMessage }: RelayedHead): void {
    this.#call.handler.onResponseStart?.(this.#call, status, headers as HandlerHeaders, statusMessage)
  }

  /** Passes a piece of the body on. */
  pass(chunk: Buffer): void {
    this.#idleTimer?.refresh()
    if (this.#backlog.hasChunks) this.#backlog.add(chunk)
    else this.#forward(() => this.#call.handler.onResponseData?.(this.#call, chunk))
  }

  /** Holds a piece of the body back. */
  hold(chunk: Buffer): void {
    this.#backlog.add(chunk)
  }

  /** The answer is complete; `isPassing` when nothing holds it back. */
  complete(trailers: HandlerHeaders, isPassing: boolean): void {
    if (isPassing && !this.#backlog.hasChunks) {
      this.#forward(() => this.#call.handler.onResponseEnd?.(this.#call, trailers))
    } else this.#backlog.finish({ trailers })
  }

  /** The answer has failed while it was being passed on. */
  fail(error: unknown): void {
    this.#backlog.clear()
    this.#call.deliver(error)
  }

  /** The answer has failed while it was held back. */
  failLate(error: unknown): void {
    this.#backlog.finish({ error })
  }

  drop(): void {
    this.#backlog.clear()
  }

  /** The user's: aborts the answer. */
  stop(reason: Error): void {
    if (!this.#isEnded) this.controller?.abort(reason)
    else if (this.#backlog.hasEnd) this.fail(reason)
  }

  pause(): void {
    if (!this.#isEnded) this.controller?.pause()
  }

  resume(): void {
    this.#idleTimer?.refresh()
    if (this.#backlog.hasChunks || this.#backlog.hasEnd) this.#replay()
    else if (!this.#isEnded) this.controller?.resume()
  }

  /** Ends the answer when it stands still for longer. */
  watch(idleTimeoutMs: number): void {
    if (this.#isEnded || idleTimeoutMs > maxTimerMs) return
    this.#idleTimer = setTimeout(() => {
      const message = `nothing of the body has moved for ${idleTimeoutMs} ms`
      this.controller?.abort(new BodyTimeoutError(message, { phase: 'reading' }))
    }, idleTimeoutMs)
    this.#idleTimer.unref()
  }

  /** Nothing arrives any more. */
  ended(): void {
    this.#isEnded = true
    clearTimeout(this.#idleTimer)
  }

  #replay(): void {
    while (!this.#call.paused) {
      const chunk = this.#backlog.nextChunk()
      if (chunk === undefined) break
      this.#safely(() => this.#call.handler.onResponseData?.(this.#call, chunk))
    }
    if (this.#call.paused) return
    const end = this.#backlog.takeEnd()
    if (end !== undefined) this.#finish(end)
    else if (!this.#isEnded) this.controller?.resume()
  }

  #finish(end: AnswerEnd): void {
    if ('error' in end) this.#call.deliver(end.error)
    else this.#safely(() => this.#call.handler.onResponseEnd?.(this.#call, end.trailers))
  }

  /** Nothing of undici's is above us to hear of what the user's handler throws. */
  #safely(forward: () => void): void {
    if (this.#thrown !== undefined) return
    try {
      this.#forward(forward)
    } catch (error) {
      this.#isOver = true
      this.fail(error)
      if (!this.#isEnded) this.controller?.abort(error as Error)
    }
  }

  #forward(forward: () => void): void {
    try {
      forward()
    } catch (error) {
      this.#thrown = error
      throw error
    }
  }
}
