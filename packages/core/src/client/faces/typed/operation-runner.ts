import { Readable } from 'node:stream'
import { ClosedError, isHoldfastError } from '../../../foundation/errors/index.js'
import { Execution, type Step } from '../../../policies/index.js'
import { type ActiveContext, contextStorage } from '../../../telemetry/context/index.js'
import type { TrafficDecision } from '../../../upstream/traffic/index.js'
import type { CallLedger } from '../../call/call-ledger.js'
import type { OperationObserver } from '../../call/call-observer.js'
import { endedIn } from '../../call/call-phase.js'
import { InheritedAbort, inheritedTimeout } from '../../inherited-context.js'
import type { OperationSettings } from '../../options/operation-settings.js'
import type { ResolvedClient } from '../../options/resolve-options.js'
import { type Call, checkCallOptions, startCall } from './call.js'
import type { CallOptions, SafeResult } from './client-types.js'
import { linkOperation, type PipelineContext, type PipelineMemory } from './operation-pipeline.js'

const noWork = (): void => {}

/** Runs the calls of one operation. */
export class OperationRunner {
  #context: PipelineContext
  readonly #ledger: CallLedger
  readonly #observer: OperationObserver | undefined
  #pipeline: Step
  readonly #memory: PipelineMemory = {}

  constructor(context: PipelineContext, ledger: CallLedger, observer: OperationObserver | undefined) {
    this.#context = context
    this.#ledger = ledger
    this.#observer = observer
    this.#pipeline = linkOperation(context, this.#memory)
  }

  /** From the next call on by other options. Calls on their way end as they began. */
  relink(resolved: ResolvedClient, settings: OperationSettings): void {
    this.#context = { ...this.#context, resolved, settings }
    this.#pipeline = linkOperation(this.#context, this.#memory)
  }

  /** `decision` is what has chosen this version of the dependency, if there are several. */
  call(
    input: unknown,
    options: CallOptions | undefined,
    decision?: TrafficDecision | undefined,
  ): Promise<unknown> {
    try {
      return this.#run(this.#start(input, options, decision), options?.signal)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  async safe(
    input: unknown,
    options: CallOptions | undefined,
    decision?: TrafficDecision | undefined,
  ): Promise<SafeResult<unknown>> {
    try {
      const call = this.#start(input, options, decision)
      const data = await this.#run(call, options?.signal)
      const { cached: cache, status, responseHeaders: headers } = call
      return { ok: true, status, headers, data, fromFallback: status === 0, cache }
    } catch (error) {
      if (isHoldfastError(error)) return { ok: false, error }
      throw error
    }
  }

  #start(input: unknown, options: CallOptions | undefined, decision: TrafficDecision | undefined): Call {
    const { compiled, endpoints, latency, settings, subject } = this.#context
    const checked =
      options === undefined
        ? undefined
        : this.#naming(() => checkCallOptions(subject, compiled.operation, options))
    const call = startCall(compiled.name, input, settings, latency, checked)
    call.decision = decision
    call.propagates = endpoints.propagates
    const context = contextStorage.getStore()
    if (context !== undefined) this.#naming(() => inherit(call, context))
    return call
  }

  async #run(call: Call, signal: AbortSignal | undefined): Promise<unknown> {
    if (this.#ledger.isClosed) throw this.#describe(new ClosedError(undefined, { phase: 'queued' }), call)
    const execution = Execution.start(noWork, call, call.priority ?? call.context?.priority)
    const inherited = call.context === undefined ? undefined : new InheritedAbort(execution)
    if (inherited !== undefined) call.context?.attach(inherited)
    // Signals may live as long as the process: what is over already does not follow one.
    if (signal !== undefined && !execution.aborted) execution.follow(signal)
    if (execution.aborted) throw this.#describe(endedIn('queued', execution.reason), call)
    this.#ledger.begin(execution)
    if (this.#observer !== undefined) call.trace = this.#observer.startCall(call.startedAt)
    let streamed: Readable | undefined
    try {
      const data = await this.#pipeline(execution)
      if (data instanceof Readable) streamed = data
      if (this.#observer !== undefined) this.#settled(this.#observer, call, undefined)
      return data
    } catch (error) {
      const described = this.#describe(error, call)
      if (this.#observer !== undefined) this.#settled(this.#observer, call, described)
      throw described
    } finally {
      execution.release()
      if (inherited !== undefined) leave(call.context, inherited, streamed, execution)
      // Listeners are called in turn, so that whoever reads the stream gets the error described.
      streamed?.once('error', (error) => this.#describe(error, call))
      if (signal !== undefined) {
        if (streamed === undefined) execution.unfollow(signal)
        else endWith(streamed, execution, signal)
      }
      this.#ledger.end(execution)
    }
  }

  #settled(observer: OperationObserver, call: Call, error: unknown): void {
    call.trace?.end(error !== undefined, error)
    observer.settled(call, performance.now() - call.startedAt, error)
  }

  #naming<Result>(run: () => Result): Result {
    try {
      return run()
    } catch (error) {
      throw this.#describe(error, undefined)
    }
  }

  #describe(error: unknown, call: Call | undefined): unknown {
    if (!isHoldfastError(error)) return error
    const { dependency, compiled } = this.#context
    // A fallback, or the source of a body, may fail with the error of another call, which tells of that one.
    const isOwn =
      (error.dependency ?? dependency) === dependency && (error.operation ?? compiled.name) === compiled.name
    if (!isOwn) return error
    error.dependency = dependency
    error.operation = compiled.name
    if (call !== undefined) {
      error.attempts = call.attempts
      error.elapsedMs = performance.now() - call.startedAt
    }
    return error
  }
}

/** Inside a request a call has no more time than the request, and carries on what joins the two. */
function inherit(call: Call, context: ActiveContext): void {
  call.context = context
  call.timeoutMs = inheritedTimeout(call.timeoutMs, context, call.startedAt)
}

/** A streamed response ends with the request that it was asked for, as long as it streams. */
function leave(
  context: ActiveContext | undefined,
  inherited: InheritedAbort,
  streamed: Readable | undefined,
  execution: Execution,
): void {
  if (streamed === undefined) {
    context?.detach(inherited)
    return
  }
  streamed.once('close', () => context?.detach(inherited))
  execution.attach({ abort: (reason) => void streamed.destroy(endedIn('reading', reason) as Error) })
}

/** The caller's signal ends a streamed response too, as long as it streams. */
function endWith(body: Readable, execution: Execution, signal: AbortSignal): void {
  const abortable = {
    abort(reason: unknown): void {
      body.destroy(endedIn('reading', reason) as Error)
    },
  }
  body.once('close', () => execution.unfollow(signal))
  execution.attach(abortable)
}
