import type { Dispatcher } from 'undici'
import { OptionCheck } from '../../../foundation/config/index.js'
import { Emitter, type Listener, type Unsubscribe } from '../../../foundation/events/index.js'
import { type ChaosInjection, type Execution, injectFault, type Step } from '../../../policies/index.js'
import type { ClientEvents } from '../../../telemetry/events/index.js'
import type { CallTrace } from '../../../telemetry/tracing/index.js'
import type { AttemptExchange } from '../../attempt/attempt-guards.js'
import { endedIn } from '../../attempt/call-phase.js'
import { CallLedger } from '../../call/call-ledger.js'
import type { OperationObserver } from '../../call/call-observer.js'
import { type CallFace, CallRun } from '../../call/call-run.js'
import { type ClientTelemetry, standaloneTelemetry } from '../../call/client-telemetry.js'
import { type CloseOptions, closeWith } from '../../call/close-with.js'
import { deadlineLayer } from '../../call/deadline-layer.js'
import { ErrorAnswer, isFailure } from '../../call/error-answer.js'
import { subscribe } from '../../call/subscribe.js'
import { anyDependency, watchClient } from '../../call/watch-client.js'
import { observerOf } from '../../destinations/observer-of.js'
import {
  hostOf,
  type OriginEntry,
  OriginRegistry,
  type OriginsStats,
} from '../../destinations/origin-registry.js'
import type { Protection } from '../../settings/resolve-protection.js'
import { answeringDispatch } from '../../slots/chaos/answering-dispatch.js'
import { type ChaosTarget, ClientChaos } from '../../slots/chaos/client-chaos.js'
import { isWorthRetrying } from '../../slots/retry.js'
import { type AnswerHead, AttemptHandler, type AttemptRules } from './attempt-handler.js'
import { attemptOptions } from './attempt-options.js'
import { InterceptedCall } from './intercepted-call.js'
import { type InterceptorOptions, resolveInterceptorOptions } from './interceptor-options.js'

type Dispatch = Dispatcher['dispatch']

/** What `undiciInterceptor` returns: an argument for any dispatcher's `compose`. */
export interface UndiciInterceptor extends AsyncDisposable {
  (dispatch: Dispatch): Dispatch
  /** The state of breakers, permits and budgets, by origin. A `Pool` or `Client` does not name its own: it is `''`. */
  $stats(): OriginsStats
  /** Subscribes to an event; returns what unsubscribes. Events name the host and the method. */
  $on<Name extends keyof ClientEvents>(name: Name, listener: Listener<ClientEvents[Name]>): Unsubscribe
  /**
   * Refuses new requests with `CLOSED`, waits for those without an answer, 10 s at most by default, and stops all timers.
   * The dispatcher stays yours to close.
   */
  $close(options?: CloseOptions): Promise<void>
}

/**
 * Protects every request of an undici dispatcher, whoever makes it: `request`, `stream`, `pipeline`, or a `fetch` that
 * is given the dispatcher. A deadline, retries within a budget where that is safe, a circuit breaker and a bulkhead,
 * kept for each origin.
 *
 * - An answer is passed on as soon as it is clear that there will be no other attempt, with backpressure. Nothing is
 *   retried from then on.
 * - A request is retried when its method is idempotent, it says so itself (`idempotent: true`) or has an
 *   `idempotency-key` header; never when its body is a stream. `fetch` makes a stream of every body: use `createFetch`.
 * - Failures are `HoldfastError`s; an abort comes back with the reason that it was made with.
 * - Upgrades and CONNECT pass untouched. Beside undici's own `retry` interceptor retries multiply: leave that one out.
 *
 * One interceptor composed into several dispatchers keeps one state for all of them.
 *
 * @throws {ConfigInvalidError} `CONFIG_INVALID`, naming everything that is wrong with the options at once.
 * @example
 * ```ts
 * import { undiciInterceptor } from '@holdfast/core'
 * import { Agent } from 'undici'
 *
 * const dispatcher = new Agent().compose(undiciInterceptor({ timeoutMs: 2_000 }))
 * const { statusCode, body } = await dispatcher.request({
 *   origin: 'http://127.0.0.1:3000',
 *   path: '/orders/42',
 *   method: 'GET',
 * })
 * console.log(statusCode, await body.text())
 * ```
 */
export function undiciInterceptor(options: InterceptorOptions = {}): UndiciInterceptor {
  return observedInterceptor(options, standaloneTelemetry)
}

/** An interceptor that tells a service's telemetry of its calls, unless it has some of its own. */
export function observedInterceptor(
  given: InterceptorOptions,
  telemetryAround: ClientTelemetry,
): UndiciInterceptor {
  const check = new OptionCheck('undiciInterceptor()')
  const { options, protection } = resolveInterceptorOptions(check, given)
  check.done()
  const events = new Emitter<ClientEvents>()
  const chaos = ClientChaos.of(protection.shared.chaos, events)
  const origins = new OriginRegistry({ protection, events, own: undefined }, exchangeOf(protection, chaos))
  const telemetry = telemetryAround.with(options)
  const ledger = new CallLedger()
  const face = new InterceptorFace(ledger, telemetry)
  const intercept = (dispatch: Dispatch): Dispatch => {
    return (request, handler) => {
      if (request.upgrade || request.method === 'CONNECT') return dispatch(request, handler)
      const entry = origins.entryOf(String(request.origin ?? ''))
      const call = new DispatchedCall(dispatch, request, handler, entry)
      call.priority = protection.priority
      if (protection.timeoutMs !== false) call.timeoutMs = protection.timeoutMs
      void CallRun.run(face, call)
      return true
    }
  }
  const close = closeWith('undiciInterceptor()', ledger, {
    transport: undefined,
    release() {
      origins.close()
      unwatch()
    },
  })
  const controls = {
    $stats: () => ({ origins: origins.stats({}) }),
    $on: <Name extends keyof ClientEvents>(name: Name, listener: Listener<ClientEvents[Name]>) =>
      subscribe('$on() of undiciInterceptor()', events, name, listener),
    $close: close,
    [Symbol.asyncDispose]: () => close(),
  }
  const unwatch = watchClient(telemetry, controls, chaos, anyDependency)
  return Object.assign(intercept, controls)
}

/** A call that knows which dispatcher it goes to. */
class DispatchedCall extends InterceptedCall {
  readonly dispatch: Dispatch
  readonly entry: OriginEntry<DispatchedCall>

  constructor(
    dispatch: Dispatch,
    options: Dispatcher.DispatchOptions,
    handler: Dispatcher.DispatchHandler,
    entry: OriginEntry<DispatchedCall>,
  ) {
    super(options, handler, entry)
    this.dispatch = dispatch
    this.entry = entry
  }
}

function exchangeOf(
  { retry, idleTimeoutMs }: Protection,
  chaos: ClientChaos | undefined,
): AttemptExchange<AnswerHead, DispatchedCall> {
  const rules: AttemptRules = {
    idleTimeoutMs,
    isFailure,
    mayBeReplaced: (failure, execution) =>
      (execution.attempt === 1 && execution.data.isHedged) ||
      (retry !== false &&
        execution.attempt < (retry.maxAttempts ?? 1) &&
        isWorthRetrying(failure, execution, retry.statuses ?? [])),
  }
  return {
    send(execution) {
      const call = execution.data
      if (execution.hedged) call.isHedged = true
      else call.dropHeld()
      call.attempts++
      if (chaos === undefined || !chaos.isEnabled) return send(call, call.dispatch, execution, rules)
      const injection = chaos.draw(targetOf(call), execution)
      return injection === undefined
        ? send(call, call.dispatch, execution, rules)
        : sendLate(call, injection, execution, rules)
    },
    read: (_, head) => head,
  }
}

function targetOf({ options, origin }: DispatchedCall): ChaosTarget {
  const { method, path } = options
  return { dependency: hostOf(origin), method, origin, path }
}

/** Sends an attempt that chaos holds up, or fails it, or answers it. */
async function sendLate(
  call: DispatchedCall,
  injection: ChaosInjection,
  execution: Execution<DispatchedCall>,
  rules: AttemptRules,
): Promise<AnswerHead> {
  const answer = await injectFault(injection, execution)
  const dispatch = answer === undefined ? call.dispatch : answeringDispatch(answer)
  return send(call, dispatch, execution, rules)
}

function send(
  call: DispatchedCall,
  dispatch: Dispatch,
  execution: Execution<DispatchedCall>,
  rules: AttemptRules,
): Promise<AnswerHead> {
  if (call.trace !== undefined) return sendTraced({ call, trace: call.trace, dispatch }, execution, rules)
  const options = attemptOptions(call, execution, undefined)
  return new Promise((resolve, reject) => {
    new AttemptHandler(execution, rules, resolve, reject).start(dispatch, options)
  })
}

async function sendTraced(
  { call, trace, dispatch }: { call: DispatchedCall; trace: CallTrace; dispatch: Dispatch },
  execution: Execution<DispatchedCall>,
  rules: AttemptRules,
): Promise<AnswerHead> {
  const span = trace.startAttempt(call.origin + call.options.path)
  const options = attemptOptions(call, execution, span)
  try {
    const head = await new Promise<AnswerHead>((resolve, reject) => {
      const attempt = new AttemptHandler(execution, rules, resolve, reject)
      span.run(() => attempt.start(dispatch, options))
    })
    span.end(head.status)
    return head
  } catch (error) {
    span.end(error instanceof ErrorAnswer ? error.status : 0, error)
    throw error
  }
}

/** Runs the calls of one interceptor. */
class InterceptorFace implements CallFace<DispatchedCall> {
  readonly ledger: CallLedger
  readonly closed = 'the interceptor is closed'
  readonly #telemetry: ClientTelemetry
  readonly #step: Step<DispatchedCall> = deadlineLayer<DispatchedCall>(true)((execution) => {
    return execution.data.entry.step(execution)
  })

  constructor(ledger: CallLedger, telemetry: ClientTelemetry) {
    this.ledger = ledger
    this.#telemetry = telemetry
  }

  observerOf({ entry, operation }: DispatchedCall): OperationObserver | undefined {
    return observerOf(this.#telemetry, entry, operation)
  }

  begun(run: CallRun<DispatchedCall>, call: DispatchedCall): void {
    call.entry.active++
    call.begin(run)
  }

  answer(run: CallRun<DispatchedCall>): Promise<unknown> {
    const pending = this.#step(run)
    const call = run.data
    call.announce()
    return pending
  }

  failureOf(error: unknown, call: DispatchedCall): unknown {
    if (error instanceof ErrorAnswer) call.status = error.status
    const isAnswered = call.adopted !== undefined || error instanceof ErrorAnswer
    return isAnswered ? undefined : call.describe(error)
  }

  fail(error: unknown, call: DispatchedCall): void {
    if (call.adopted !== undefined) return
    if (error instanceof ErrorAnswer) (error.answer as AnswerHead).attempt.adopt()
    else call.deliver(error)
  }

  settled(run: CallRun<DispatchedCall>, call: DispatchedCall): boolean {
    call.dropHeld()
    call.entry.active--
    const { adopted, context } = call
    if (context === undefined || adopted === undefined) return false
    // The answer that is being passed on still ends with the request that it is for.
    run.attach({ abort: (reason) => adopted.stop(endedIn('reading', reason) as Error) })
    void run.settled(0).then(() => run.leave())
    return true
  }
}
