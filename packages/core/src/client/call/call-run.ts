import { ClosedError } from '../../foundation/errors/index.js'
import { Execution } from '../../policies/index.js'
import { endedIn } from '../attempt/call-phase.js'
import type { CallLedger } from './call-ledger.js'
import type { OperationObserver } from './call-observer.js'
import { inheritedReason, inheritedTimeout } from './inherited-context.js'
import type { RunningCall } from './running-call.js'
import { settleCall } from './settle-call.js'

/** What is peculiar to the calls of one face; one object for all of them. */
export interface CallFace<Call extends RunningCall> {
  readonly ledger: CallLedger
  /** What a call that comes too late is told; `undefined` for the usual words. */
  readonly closed: string | undefined
  observerOf(call: Call): OperationObserver | undefined
  /** Asks for the answer, through all policies. */
  answer(run: CallRun<Call>): Promise<unknown>
  /** The error as those who watch the call get it; `undefined` where it is an answer to the caller. */
  failureOf(error: unknown, call: Call): unknown
  /** Gives the caller the error: throws it, unless the face answers in another way. */
  fail(error: unknown, call: Call): unknown
  /** The call begins; before anything that may refuse it. */
  begun?(run: CallRun<Call>, call: Call): void
  /** The call ends before it has begun. */
  refused?(call: Call): void
  /** The call has settled. `true` where its answer goes on, and the face is to call `leave` at the end of that. */
  settled?(run: CallRun<Call>, call: Call, answer: unknown): boolean
}

const noWork = (): void => {}

/**
 * One call on its way, whichever face it was made by: it begins, is told of the end of the request that it is made for
 * and of its caller's abort, asks for its answer, and settles. It is the execution of its policies too, as every call
 * pays for each object and each promise.
 */
export class CallRun<Call extends RunningCall = RunningCall> extends Execution<Call> {
  readonly #signal: AbortSignal | undefined

  private constructor(call: Call, signal: AbortSignal | undefined) {
    super(noWork, call, call.priority ?? call.context?.priority ?? 'default', undefined)
    this.#signal = signal
  }

  static async run<Call extends RunningCall>(
    face: CallFace<Call>,
    call: Call,
    signal?: AbortSignal | undefined,
  ): Promise<unknown> {
    const run = new CallRun(call, signal)
    const observer = face.observerOf(call)
    let answer: unknown
    try {
      face.begun?.(run, call)
      run.#begin(face, call)
      if (observer !== undefined) call.trace = observer.startCall(call.startedAt)
      answer = await face.answer(run)
      if (observer !== undefined) settleCall(observer, call, undefined)
      return answer
    } catch (error) {
      if (run.place === -1) face.refused?.(call)
      if (observer !== undefined) settleCall(observer, call, face.failureOf(error, call))
      return face.fail(error, call)
    } finally {
      CallRun.#finish(run, face, call, answer)
    }
  }

  static #finish<Call extends RunningCall>(
    run: CallRun<Call>,
    face: CallFace<Call>,
    call: Call,
    answer: unknown,
  ): void {
    run.release()
    if (face.settled?.(run, call, answer) !== true) run.leave()
    face.ledger.end(run)
  }

  #begin({ ledger, closed }: CallFace<Call>, call: Call): void {
    if (ledger.isClosed) throw new ClosedError(closed, { phase: 'queued' })
    const { context, startedAt } = call
    if (context !== undefined) {
      call.timeoutMs = inheritedTimeout(call.timeoutMs, context, startedAt)
      context.attach(this)
    }
    // Signals may live as long as the process: what is over already does not follow one.
    if (this.#signal !== undefined && !this.aborted) this.follow(this.#signal)
    if (this.aborted) throw endedIn('queued', this.reason)
    ledger.begin(this)
  }

  /** The request that the call is made for ends it with an error of its own: it tells of this call. */
  override abort(reason: unknown): void {
    const { context } = this.data
    super.abort(context?.aborted && context.reason === reason ? inheritedReason(reason) : reason)
  }

  /** Hears no more of the request that it was made for and of its caller's signal. */
  leave(): void {
    this.data.context?.detach(this)
    if (this.#signal !== undefined) this.unfollow(this.#signal)
  }
}
