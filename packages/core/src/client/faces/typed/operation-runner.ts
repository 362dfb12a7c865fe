import { Readable } from 'node:stream'
import { isHoldfastError } from '../../../foundation/errors/index.js'
import type { Step } from '../../../policies/index.js'
import { contextStorage } from '../../../telemetry/context/index.js'
import type { TrafficDecision } from '../../../upstream/traffic/index.js'
import { endedIn } from '../../attempt/call-phase.js'
import type { CallLedger } from '../../call/call-ledger.js'
import type { OperationObserver } from '../../call/call-observer.js'
import { type CallFace, CallRun } from '../../call/call-run.js'
import { describeError } from '../../call/describe-error.js'
import { type Call, checkCallOptions, startCall } from '../../operation/call.js'
import type { SafeResult } from '../../operation/client-types.js'
import type { OperationCalls } from '../../operation/operation-calls.js'
import type { CallOptions } from '../../options/call-options.js'
import type { OperationSettings } from '../../settings/operation-settings.js'
import type { ResolvedClient } from '../../settings/resolve-options.js'
import { linkOperation, type PipelineContext, type PipelineMemory } from './operation-pipeline.js'

/** Runs the calls of one operation. */
export class OperationRunner implements CallFace<Call>, OperationCalls {
  #context: PipelineContext
  readonly ledger: CallLedger
  readonly closed = undefined
  readonly #observer: OperationObserver | undefined
  #pipeline: Step<Call>
  readonly #memory: PipelineMemory = {}

  constructor(context: PipelineContext, ledger: CallLedger, observer: OperationObserver | undefined) {
    this.#context = context
    this.ledger = ledger
    this.#observer = observer
    this.#pipeline = linkOperation(context, this.#memory)
  }

  /** From the next call on by other options. Calls on their way end as they began. */
  relink(resolved: ResolvedClient, settings: OperationSettings): void {
    this.#context = { ...this.#context, resolved, settings }
    this.#pipeline = linkOperation(this.#context, this.#memory)
  }

  call(
    input: unknown,
    options: CallOptions | undefined,
    decision?: TrafficDecision | undefined,
  ): Promise<unknown> {
    try {
      return CallRun.run(this, this.#start(input, options, decision), options?.signal)
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
      const data = await CallRun.run(this, call, options?.signal)
      const { cached: cache, status, responseHeaders: headers } = call
      return { ok: true, status, headers, data, fromFallback: status === 0, cache }
    } catch (error) {
      if (isHoldfastError(error)) return { ok: false, error }
      throw error
    }
  }

  observerOf(): OperationObserver | undefined {
    return this.#observer
  }

  answer(run: CallRun<Call>): Promise<unknown> {
    return this.#pipeline(run)
  }

  failureOf(error: unknown, call: Call): unknown {
    return describeError(error, call, this.#context.dependency)
  }

  fail(error: unknown, call: Call): never {
    throw this.failureOf(error, call)
  }

  /** It went to no version. */
  refused(call: Call): void {
    call.decision = undefined
  }

  /** A streamed response ends with the request that it was asked for, and by the caller's signal, as long as it streams. */
  settled(run: CallRun<Call>, call: Call, answer: unknown): boolean {
    if (!(answer instanceof Readable)) return false
    answer.once('close', () => run.leave())
    // Listeners are called in turn, so that whoever reads the stream gets the error described.
    answer.once('error', (error) => this.failureOf(error, call))
    run.attach({ abort: (reason) => void answer.destroy(endedIn('reading', reason) as Error) })
    return true
  }

  #start(input: unknown, options: CallOptions | undefined, decision: TrafficDecision | undefined): Call {
    const { compiled, endpoints, latency, settings } = this.#context
    const checked = options === undefined ? undefined : this.#checked(options)
    const call = startCall(compiled.name, input, settings, latency, checked)
    call.decision = decision
    call.propagates = endpoints.propagates
    call.context = contextStorage.getStore()
    return call
  }

  #checked(options: CallOptions): CallOptions {
    const { compiled, dependency, subject } = this.#context
    try {
      return checkCallOptions(subject, compiled.operation, options)
    } catch (error) {
      throw describeError(
        error,
        { operation: compiled.name, startedAt: performance.now(), attempts: 0 },
        dependency,
      )
    }
  }
}
