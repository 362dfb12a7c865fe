import type { Duplex } from 'node:stream'
import type { Dispatcher } from 'undici'
import {
  AbortedError,
  BodyTimeoutError,
  HoldfastError,
  type Phase,
  type ResponseHeaders,
} from '../../errors/index.js'
import type { Abortable, Execution } from '../../policies/index.js'
import { ErrorAnswer } from '../origin/error-answer.js'
import { attemptError } from './attempt-error.js'
import { Backlog, type HandlerHeaders } from './backlog.js'
import type { AnsweredAttempt, InterceptedCall } from './intercepted-call.js'

/** How much of an answer is kept while it is open whether the request is made again. */
const heldBytes = 64 * 1024

/** Longer ones overflow Node.js' timers. */
const maxTimerMs = 2 ** 31 - 1

/** An answer's beginning. */
export interface AnswerHead {
  readonly status: number
  readonly headers: ResponseHeaders
  readonly statusMessage: string | undefined
  readonly attempt: AttemptHandler
}

/** What an attempt asks of its surroundings. */
export interface AttemptRules {
  /** `Infinity` for no limit. */
  readonly idleTimeoutMs: number
  /** Whether a status is one that retry, breaker or budget must hear of. */
  isFailure(head: AnswerHead): boolean
  /** Whether another attempt may follow, or the other leg of a hedged one may do better. */
  mayBeReplaced(failure: ErrorAnswer, execution: Execution): boolean
}

/**
 * One attempt: undici's handler. `waiting` for headers; `passing` its answer on to the user; `holding` an answer that
 * may be retried, and `held` once that has been told to the policies; `dropped` when nobody wants it any more.
 */
export class AttemptHandler implements Dispatcher.DispatchHandler, Abortable, AnsweredAttempt {
  controller: Dispatcher.DispatchController | undefined = undefined
  readonly #call: InterceptedCall
  readonly #execution: Execution
  readonly #rules: AttemptRules
  readonly #resolve: (head: AnswerHead) => void
  readonly #reject: (reason: unknown) => void
  #state: 'waiting' | 'passing' | 'holding' | 'held' | 'dropped' = 'waiting'
  #head: AnswerHead | undefined = undefined
  #failure: ErrorAnswer | undefined = undefined
  readonly #backlog = new Backlog()
  #isEnded = false
  #onEnded: (() => void) | undefined = undefined
  #idleTimer: NodeJS.Timeout | undefined = undefined
  /** What the user's handler has thrown. */
  #thrown: unknown = undefined

  constructor(
    execution: Execution,
    rules: AttemptRules,
    resolve: (head: AnswerHead) => void,
    reject: (reason: unknown) => void,
  ) {
    this.#call = execution.data as InterceptedCall
    this.#execution = execution
    this.#rules = rules
    this.#resolve = resolve
    this.#reject = reject
  }

  start(dispatch: Dispatcher['dispatch']): void {
    this.#execution.attach(this)
    try {
      dispatch(this.#call.options, this)
    } catch (error) {
      this.onResponseError(undefined, error as Error)
    }
  }

  get #phase(): Phase {
    if (this.#head !== undefined) return 'reading'
    return this.controller === undefined ? 'connecting' : 'waiting'
  }

  /** The execution's: the time is up, or nobody wants the answer any more. */
  abort(reason: unknown): void {
    if (this.#state !== 'waiting' && this.#state !== 'holding') return
    if (reason instanceof HoldfastError) reason.phase ??= this.#phase
    this.#execution.detach(this)
    this.discard(reason)
    this.#reject(reason)
  }

  /** Lets go of the answer; the connection with it, where the answer is still arriving. */
  discard(reason: unknown = new AbortedError('the answer is not wanted any more')): void {
    this.#state = 'dropped'
    this.#backlog.clear()
    if (this.#isEnded) return
    if (this.controller !== undefined) this.controller.abort(reason as Error)
    // While it is queued or connecting there is no way to stop it: it goes on until it starts.
    if (!this.#isEnded) this.#linger()
  }

  /** The user's: aborts the answer that is being passed on. */
  stop(reason: Error): void {
    if (!this.#isEnded) this.controller?.abort(reason)
    else if (this.#backlog.hasEnd) {
      this.#backlog.clear()
      this.#call.deliver(reason)
    }
  }

  pause(): void {
    if (!this.#isEnded) this.controller?.pause()
  }

  resume(): void {
    this.#idleTimer?.refresh()
    if (this.#backlog.hasChunks || this.#backlog.hasEnd) this.#replay()
    else if (!this.#isEnded) this.controller?.resume()
  }

  onRequestStart(controller: Dispatcher.DispatchController, context: unknown): void {
    this.controller = controller
    if (this.#state === 'dropped') controller.abort(new AbortedError())
    else this.#call.learn(context)
  }

  onRequestUpgrade(_: unknown, status: number, headers: HandlerHeaders, socket: Duplex): void {
    this.#ended()
    this.#pass()
    this.#resolve({ status, headers: headers as ResponseHeaders, statusMessage: undefined, attempt: this })
    this.#call.handler.onRequestUpgrade?.(this.#call, status, headers, socket)
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: HandlerHeaders,
    message?: string,
  ): void {
    this.controller = controller
    if (this.#state !== 'waiting') return
    if (status < 200) {
      this.#call.handler.onResponseStart?.(this.#call, status, headers, message)
      return
    }
    if (this.#call.adopted !== undefined) {
      this.abort(new AbortedError('the other leg of the hedged call was faster'))
      return
    }
    const head = { status, headers: headers as ResponseHeaders, statusMessage: message, attempt: this }
    this.#head = head
    if (!this.#rules.isFailure(head)) {
      this.#resolve(head)
      this.#passStart()
      return
    }
    this.#failure = new ErrorAnswer(`${this.#call.operation} ${this.#call.origin}`, head, '')
    if (this.#rules.mayBeReplaced(this.#failure, this.#execution)) {
      this.#state = 'holding'
      this.#call.hold(this)
      return
    }
    this.#reject(this.#failure)
    this.#passStart()
  }

  onResponseData(_: unknown, chunk: Buffer): void {
    if (this.#state === 'passing') {
      this.#idleTimer?.refresh()
      if (this.#backlog.hasChunks) this.#backlog.add(chunk)
      else this.#forward(() => this.#call.handler.onResponseData?.(this.#call, chunk))
      return
    }
    if (this.#state !== 'holding' && this.#state !== 'held') return
    this.#backlog.add(chunk)
    if (this.#backlog.bytes <= heldBytes || this.#state === 'held') return
    this.controller?.pause()
    this.#linger()
    this.#showFailure()
  }

  onResponseEnd(_: unknown, trailers: HandlerHeaders): void {
    this.#ended()
    if (this.#state === 'passing' && !this.#backlog.hasChunks) {
      this.#forward(() => this.#call.handler.onResponseEnd?.(this.#call, trailers))
    } else this.#backlog.finish({ trailers })
    if (this.#state === 'holding') this.#showFailure()
  }

  onResponseError(_: unknown, error: Error): void {
    const hasStarted = this.controller !== undefined
    const phase = this.#phase
    this.#ended()
    if (this.#state === 'dropped') return
    const isOwn = error === this.#thrown || (this.#call.aborted && error === this.#call.reason)
    const mapped = isOwn ? error : attemptError(error, phase, this.#call)
    if (this.#state === 'passing') {
      this.#backlog.clear()
      this.#call.deliver(mapped)
    } else if (this.#state === 'held') this.#backlog.finish({ error: mapped })
    else {
      // A request that an interceptor below sent on elsewhere may have been processed before it could not connect.
      if (hasStarted && !this.#call.replayable) this.#call.request = { replayable: false }
      this.#state = 'dropped'
      this.#execution.detach(this)
      this.#reject(mapped)
    }
  }

  /** Passes the held answer on after all: there will be no other attempt. */
  adopt(): void {
    const { status, headers, statusMessage } = this.#head as AnswerHead
    this.#pass()
    if (!this.#isEnded) this.#watch()
    this.#safely(() =>
      this.#call.handler.onResponseStart?.(this.#call, status, headers as HandlerHeaders, statusMessage),
    )
    this.#replay()
  }

  /** What has arrived while it was held, as fast as the user takes it. */
  #replay(): void {
    while (!this.#call.paused) {
      const chunk = this.#backlog.nextChunk()
      if (chunk === undefined) break
      this.#safely(() => this.#call.handler.onResponseData?.(this.#call, chunk))
    }
    if (this.#call.paused) return
    const end = this.#backlog.takeEnd()
    if (end === undefined) {
      if (!this.#isEnded) this.controller?.resume()
    } else if ('error' in end) this.#call.deliver(end.error)
    else this.#safely(() => this.#call.handler.onResponseEnd?.(this.#call, end.trailers))
  }

  /** Nothing of undici's is above us to hear of what the user's handler throws. */
  #safely(forward: () => void): void {
    if (this.#thrown !== undefined) return
    try {
      this.#forward(forward)
    } catch (error) {
      this.#backlog.clear()
      this.#state = 'dropped'
      this.#call.deliver(error)
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

  #passStart(): void {
    const { status, headers, statusMessage } = this.#head as AnswerHead
    this.#pass()
    this.#linger()
    this.#watch()
    this.#forward(() =>
      this.#call.handler.onResponseStart?.(this.#call, status, headers as HandlerHeaders, statusMessage),
    )
  }

  #pass(): void {
    this.#state = 'passing'
    this.#call.adopted = this
    this.#execution.detach(this)
    if (this.#call.paused) this.controller?.pause()
  }

  #showFailure(): void {
    this.#state = 'held'
    this.#execution.detach(this)
    this.#reject(this.#failure)
  }

  #linger(): void {
    this.#execution.linger(
      new Promise<void>((resolve) => {
        this.#onEnded = resolve
      }),
    )
  }

  #watch(): void {
    const { idleTimeoutMs } = this.#rules
    if (idleTimeoutMs > maxTimerMs) return
    this.#idleTimer = setTimeout(() => {
      const message = `nothing of the body has moved for ${idleTimeoutMs} ms`
      this.controller?.abort(new BodyTimeoutError(message, { phase: 'reading' }))
    }, idleTimeoutMs)
    this.#idleTimer.unref()
  }

  #ended(): void {
    this.#isEnded = true
    clearTimeout(this.#idleTimer)
    this.#onEnded?.()
  }
}
