import type { Duplex } from 'node:stream'
import type { Dispatcher } from 'undici'
import {
  AbortedError,
  HoldfastError,
  isHoldfastError,
  type Phase,
  type ResponseHeaders,
} from '../../../foundation/errors/index.js'
import { isMissingBody } from '../../../http/transport/index.js'
import type { Abortable, Execution } from '../../../policies/index.js'
import { ErrorAnswer } from '../../call/error-answer.js'
import { AnswerRelay, type RelayedHead } from './answer-relay.js'
import { attemptError } from './attempt-error.js'
import type { HandlerHeaders } from './backlog.js'
import type { AnsweredAttempt, InterceptedCall } from './intercepted-call.js'

/** How much of an answer is kept while it is open whether the request is made again. */
const heldBytes = 64 * 1024

/** An answer's beginning, and the attempt that it belongs to. */
export interface AnswerHead extends RelayedHead {
  readonly attempt: AttemptHandler
}

/** What an attempt asks of its surroundings. */
export interface AttemptRules {
  /** `Infinity` for no limit. */
  readonly idleTimeoutMs: number
  /** Whether a status is one that retry, breaker or budget must hear of. */
  isFailure(head: AnswerHead): boolean
  /** Whether another attempt may follow, or the other leg of a hedged one may do better. */
  mayBeReplaced(failure: ErrorAnswer, execution: Execution<InterceptedCall>): boolean
}

/**
 * One attempt: undici's handler. `waiting` for headers; `passing` its answer on to the user; `holding` an answer that
 * may be retried, and `held` once that has been told to the policies; `dropped` when nobody wants it any more.
 */
export class AttemptHandler implements Dispatcher.DispatchHandler, Abortable, AnsweredAttempt {
  readonly #call: InterceptedCall
  readonly #execution: Execution<InterceptedCall>
  readonly #rules: AttemptRules
  readonly #resolve: (head: AnswerHead) => void
  readonly #reject: (reason: unknown) => void
  readonly #relay: AnswerRelay
  #state: 'waiting' | 'passing' | 'holding' | 'held' | 'dropped' = 'waiting'
  #head: AnswerHead | undefined = undefined
  #failure: ErrorAnswer | undefined = undefined
  #onEnded: (() => void) | undefined = undefined

  constructor(
    execution: Execution<InterceptedCall>,
    rules: AttemptRules,
    resolve: (head: AnswerHead) => void,
    reject: (reason: unknown) => void,
  ) {
    this.#call = execution.data
    this.#execution = execution
    this.#rules = rules
    this.#resolve = resolve
    this.#reject = reject
    this.#relay = new AnswerRelay(this.#call)
  }

  get controller(): Dispatcher.DispatchController | undefined {
    return this.#relay.controller
  }

  start(dispatch: Dispatcher['dispatch'], options: Dispatcher.DispatchOptions): void {
    this.#execution.attach(this)
    try {
      dispatch(options, this)
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
    this.#relay.drop()
    if (this.#relay.isEnded) return
    this.controller?.abort(reason as Error)
    // While it is queued or connecting there is no way to stop it: it goes on until it starts.
    if (!this.#relay.isEnded) this.#linger()
  }

  stop(reason: Error): void {
    this.#relay.stop(reason)
  }

  pause(): void {
    this.#relay.pause()
  }

  resume(): void {
    this.#relay.resume()
  }

  onRequestStart(controller: Dispatcher.DispatchController, context: unknown): void {
    this.#relay.controller = controller
    if (this.#state === 'dropped') controller.abort(new AbortedError())
    else {
      this.#call.learn(context)
      this.#call.announce()
    }
  }

  onRequestUpgrade(_: unknown, status: number, headers: HandlerHeaders, socket: Duplex): void {
    this.#ended()
    const head = { status, headers: headers as ResponseHeaders, statusMessage: undefined, attempt: this }
    this.#pass(head)
    this.#resolve(head)
    this.#call.handler.onRequestUpgrade?.(this.#call, status, headers, socket)
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: HandlerHeaders,
    message?: string,
  ): void {
    this.#relay.controller = controller
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
      this.#passStart(head)
      return
    }
    this.#failure = new ErrorAnswer(`${this.#call.operation} ${this.#call.origin}`, head, '')
    if (this.#rules.mayBeReplaced(this.#failure, this.#execution)) {
      this.#state = 'holding'
      this.#call.hold(this)
      return
    }
    this.#reject(this.#failure)
    this.#passStart(head)
  }

  onResponseData(_: unknown, chunk: Buffer): void {
    if (this.#state === 'passing') {
      if (!this.#relay.isOver) this.#relay.pass(chunk)
      return
    }
    if (this.#state !== 'holding' && this.#state !== 'held') return
    this.#relay.hold(chunk)
    if (this.#relay.heldBytes <= heldBytes || this.#state === 'held') return
    this.controller?.pause()
    this.#linger()
    this.#showFailure()
  }

  onResponseEnd(_: unknown, trailers: HandlerHeaders): void {
    this.#ended()
    if (!this.#relay.isOver) this.#relay.complete(trailers, this.#state === 'passing')
    if (this.#state === 'holding') this.#showFailure()
  }

  onResponseError(_: unknown, error: Error): void {
    if (this.#head !== undefined && isMissingBody(error, this.#head.status)) {
      this.onResponseEnd(undefined, {})
      return
    }
    const hasStarted = this.controller !== undefined
    const phase = this.#phase
    this.#ended()
    if (this.#state === 'dropped' || this.#relay.isOver) return
    const isOwn = this.#relay.threw(error) || (this.#call.aborted && error === this.#call.reason)
    const mapped = isOwn ? error : attemptError(error, phase, this.#call)
    if (this.#state === 'passing') this.#relay.fail(mapped)
    else if (this.#state === 'held') this.#relay.failLate(mapped)
    else {
      if (!hasStarted && isHoldfastError(mapped, 'INVALID_INPUT')) this.#call.isRefused = true
      // A request that an interceptor below sent on elsewhere may have been processed before it could not connect.
      if (hasStarted && !this.#call.replayable) this.#call.request = { replayable: false }
      this.#state = 'dropped'
      this.#execution.detach(this)
      this.#reject(mapped)
    }
  }

  /** Passes the held answer on after all: there will be no other attempt. */
  adopt(): void {
    const head = this.#head as AnswerHead
    this.#pass(head)
    this.#relay.watch(this.#rules.idleTimeoutMs)
    this.#relay.beginLate(head)
  }

  #passStart(head: AnswerHead): void {
    this.#pass(head)
    this.#linger()
    this.#relay.watch(this.#rules.idleTimeoutMs)
    this.#relay.begin(head)
  }

  #pass({ status }: AnswerHead): void {
    this.#state = 'passing'
    this.#call.announce()
    this.#call.adopted = this
    this.#call.status = status
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

  #ended(): void {
    this.#relay.ended()
    this.#onEnded?.()
  }
}
