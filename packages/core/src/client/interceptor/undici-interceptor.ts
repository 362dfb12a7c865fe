import type { Dispatcher } from 'undici'
import { OptionCheck } from '../../config/index.js'
import { ClosedError } from '../../errors/index.js'
import { Emitter, Execution, type Listener, timeoutErrors, type Unsubscribe } from '../../policies/index.js'
import type { ClientEvents } from '../client-events.js'
import type { AttemptExchange } from '../guarded-attempt.js'
import { CallLedger } from '../origin/call-ledger.js'
import { ErrorAnswer, isFailure } from '../origin/error-answer.js'
import { type OriginEntry, OriginRegistry, type OriginsStats } from '../origin/origin-registry.js'
import type { Protection } from '../origin/protection-options.js'
import { subscribe } from '../origin/subscribe.js'
import { isWorthRetrying } from '../repeat-layers.js'
import { type AnswerHead, AttemptHandler, type AttemptRules } from './attempt-handler.js'
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
  /** Refuses new requests with `CLOSED` and stops all timers. The dispatcher stays yours to close. */
  $close(): Promise<void>
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
  const check = new OptionCheck('undiciInterceptor()')
  const protection = resolveInterceptorOptions(check, options)
  const events = new Emitter<ClientEvents>()
  const given = { subject: 'undiciInterceptor()', protection, events }
  const origins = new OriginRegistry(check, given, exchangeOf(protection))
  check.done()
  const ledger = new CallLedger()
  const intercept = (dispatch: Dispatch): Dispatch => {
    return (request, handler) => {
      if (request.upgrade || request.method === 'CONNECT') return dispatch(request, handler)
      const entry = origins.entryOf(String(request.origin ?? ''))
      const call = new DispatchedCall(dispatch, request, handler, entry)
      void run(call, entry, { protection, ledger })
      return true
    }
  }
  let closing: Promise<void> | undefined
  const close = (): Promise<void> => {
    closing ??= ledger.close().then(() => origins.close())
    return closing
  }
  return Object.assign(intercept, {
    $stats: () => ({ origins: origins.stats({}) }),
    $on: <Name extends keyof ClientEvents>(name: Name, listener: Listener<ClientEvents[Name]>) =>
      subscribe('$on() of undiciInterceptor()', events, name, listener),
    $close: close,
    [Symbol.asyncDispose]: close,
  })
}

/** A call that knows which dispatcher it goes to. */
class DispatchedCall extends InterceptedCall {
  readonly dispatch: Dispatch

  constructor(
    dispatch: Dispatch,
    options: Dispatcher.DispatchOptions,
    handler: Dispatcher.DispatchHandler,
    entry: OriginEntry,
  ) {
    super(options, handler, entry)
    this.dispatch = dispatch
  }
}

const noWork = (): void => {}

function exchangeOf({ retry, idleTimeoutMs }: Protection): AttemptExchange<AnswerHead> {
  const rules: AttemptRules = {
    idleTimeoutMs,
    isFailure,
    mayBeReplaced: (failure, execution) =>
      (execution.attempt === 1 && (execution.data as DispatchedCall).isHedged) ||
      (retry !== false &&
        execution.attempt < (retry.maxAttempts ?? 1) &&
        isWorthRetrying(failure, execution, retry.statuses ?? [])),
  }
  return {
    send(execution) {
      const call = execution.data as DispatchedCall
      if (execution.hedged) call.isHedged = true
      else call.dropHeld()
      call.attempts++
      return new Promise((resolve, reject) => {
        new AttemptHandler(execution, rules, resolve, reject).start(call.dispatch)
      })
    },
    read(execution, head, now) {
      const { latency } = execution.data as DispatchedCall
      latency.record(now - execution.sentAt)
      return head
    },
  }
}

interface RunContext {
  readonly protection: Protection
  readonly ledger: CallLedger
}

async function run(
  call: DispatchedCall,
  entry: OriginEntry,
  { protection, ledger }: RunContext,
): Promise<void> {
  const { timeoutMs } = protection
  const execution = Execution.start(noWork, call)
  ledger.begin()
  entry.active++
  try {
    call.begin(execution)
    if (ledger.isClosed) throw new ClosedError('the interceptor is closed', { phase: 'queued' })
    if (timeoutMs !== false) execution.expireIn(timeoutMs, timeoutErrors.total, call.startedAt)
    const pending = entry.step(execution)
    execution.arm(call.startedAt)
    await pending
  } catch (error) {
    if (call.adopted !== undefined) return
    if (error instanceof ErrorAnswer) (error.answer as AnswerHead).attempt.adopt()
    else call.deliver(error)
  } finally {
    execution.release()
    call.dropHeld()
    entry.active--
    ledger.end()
  }
}
