import { ClosedError, isHoldfastError } from '../../../foundation/errors/index.js'
import type { Emitter } from '../../../foundation/events/index.js'
import { StreamedBody, type TransportResponse } from '../../../http/transport/index.js'
import {
  Execution,
  fallback,
  linkTimeout,
  type Step,
  timeoutErrors,
  untilAborted,
} from '../../../policies/index.js'
import { contextStorage } from '../../../telemetry/context/index.js'
import type { CallLedger } from '../../call/call-ledger.js'
import { isCallersFault } from '../../call/callers-fault.js'
import type { ClientEvents } from '../../call/client-events.js'
import { ErrorAnswer } from '../../call/error-answer.js'
import { settleCall } from '../../call/settle-call.js'
import type { ClientTelemetry } from '../../client-telemetry.js'
import { observerOf } from '../../destinations/observer-of.js'
import type { OriginRegistry } from '../../destinations/origin-registry.js'
import { InheritedAbort, inheritedTimeout } from '../../inherited-context.js'
import { namesOf } from '../../slots/repeat-layers.js'
import type { FetchHop } from './fetch-call.js'
import type { ResolvedFetch } from './fetch-options.js'
import type { FetchRequest } from './fetch-request.js'
import { FetchTask } from './fetch-task.js'
import { isRedirect, maxRedirects, nextHop, refuse } from './redirect.js'
import { callersReason, toWebStream } from './response-stream.js'
import { toResponse } from './to-response.js'

/** What the calls of one `fetch` share beside its origins. */
interface RunnerParts {
  readonly events: Emitter<ClientEvents>
  readonly ledger: CallLedger
  readonly telemetry: ClientTelemetry
}

const noWork = (): void => {}

/** Runs the calls of one `fetch`. */
export class FetchRunner {
  readonly #options: ResolvedFetch
  readonly #origins: OriginRegistry<TransportResponse>
  readonly #parts: RunnerParts
  readonly #step: Step

  constructor(options: ResolvedFetch, origins: OriginRegistry<TransportResponse>, parts: RunnerParts) {
    this.#options = options
    this.#origins = origins
    this.#parts = parts
    this.#step = this.#link(parts.events)
  }

  /** Settles with a `Response`, or with the caller's own reason, or with a `HoldfastError`. */
  async run(asked: FetchRequest, startedAt: number): Promise<Response> {
    const { ledger, telemetry } = this.#parts
    const { signal } = asked
    const entry = this.#origins.entryOf(asked.url.origin)
    const task = new FetchTask(asked, entry, startedAt, contextStorage.getStore())
    const execution = Execution.start(noWork, task, task.context?.priority)
    const inherited = this.#begin(task, execution)
    if (signal !== undefined) execution.follow(signal)
    ledger.begin(execution)
    const observer = observerOf(telemetry, entry, task.operation)
    task.trace = observer?.startCall(startedAt)
    try {
      const response = (await this.#step(execution)) as Response
      if (observer !== undefined) settleCall(observer, task, undefined)
      return response
    } catch (error) {
      const described = this.#describe(error, task)
      if (observer !== undefined) settleCall(observer, task, described)
      throw described
    } finally {
      execution.release()
      if (inherited !== undefined) task.context?.detach(inherited)
      if (signal !== undefined) execution.unfollow(signal)
      ledger.end(execution)
    }
  }

  /** Inside a request a call has no more time than the request, and ends with it. */
  #begin(task: FetchTask, execution: Execution): InheritedAbort | undefined {
    const { context, startedAt } = task
    const { timeoutMs } = this.#options.protection
    task.timeoutMs = timeoutMs === false ? undefined : timeoutMs
    try {
      if (this.#parts.ledger.isClosed) throw new ClosedError('the fetch is closed', { phase: 'queued' })
      if (context === undefined) return undefined
      task.timeoutMs = inheritedTimeout(task.timeoutMs, context, startedAt)
    } catch (error) {
      throw this.#describe(error, task)
    }
    const inherited = new InheritedAbort(execution)
    context.attach(inherited)
    return inherited
  }

  /** Fallback, deadline, and the requests of the call. */
  #link(events: Emitter<ClientEvents>): Step {
    const { fallback: answer } = this.#options
    const exchange: Step = (execution) => this.#answer(execution)
    if (answer === undefined) {
      return (execution) => {
        const { startedAt, timeoutMs } = execution.data as FetchTask
        if (timeoutMs === undefined) return exchange(execution)
        execution.expireIn(timeoutMs, timeoutErrors.total, startedAt)
        const pending = exchange(execution)
        execution.arm(startedAt)
        return pending
      }
    }
    const policy = fallback(
      (error: unknown, context: unknown) => {
        const task = (context as Execution).data as FetchTask
        const { method, url } = task.asked
        task.status = 0
        return answer(this.#describe(error, task) as never, { method, url: url.href })
      },
      { when: (error) => !isCallersFault(error) },
    )
    policy.on('fallback', ({ error, execution }) => {
      const { asked } = execution.data as FetchTask
      const dependency = asked.url.host
      events.emit('fallback', { dependency, ...namesOf(execution), error: error as never })
    })
    // Without a fallback the last answer is the answer; with one, its failure is what the fallback is asked about.
    const strict: Step = (execution) => this.#answer(execution, true)
    const timeoutOf = (execution: Execution) => (execution.data as FetchTask).timeoutMs
    return policy.link(linkTimeout(strict, timeoutOf, timeoutErrors.total))
  }

  async #answer(execution: Execution, isStrict = false): Promise<Response> {
    const task = execution.data as FetchTask
    const { lateBody } = task.asked
    if (lateBody !== undefined) {
      const body = (await untilAborted(execution, lateBody())) as FetchRequest['body']
      task.proceed(
        { ...task.request, body: body.body, replayable: body.replayable },
        this.#origins.entryOf(task.request.origin),
      )
    }
    let received = await this.#send(execution, task, isStrict)
    while (task.asked.redirect !== 'manual' && isRedirect(received)) {
      if (task.asked.redirect === 'error') throw refuse(task.request, received, 'is not wanted')
      if (++task.redirects > maxRedirects) {
        throw refuse(task.request, received, `is one too many after ${maxRedirects}`)
      }
      this.#follow(task, nextHop(task.request, received))
      execution.attempt = 1
      execution.sentAt = 0
      received = await this.#send(execution, task, isStrict)
    }
    return this.#deliver(task, received)
  }

  /** Goes where a redirect leads. The spans of another origin are others. */
  #follow(task: FetchTask, hop: FetchHop): void {
    const entry = this.#origins.entryOf(hop.origin)
    if (task.trace !== undefined && hop.origin !== task.request.origin) {
      task.trace.end(false)
      task.trace = observerOf(this.#parts.telemetry, entry, hop.method)?.startCall(performance.now())
    }
    task.proceed(hop, entry)
  }

  async #send(execution: Execution, task: FetchTask, isStrict: boolean): Promise<TransportResponse> {
    const entry = this.#origins.entryOf(task.request.origin)
    entry.active++
    try {
      return (await entry.step(execution)) as TransportResponse
    } catch (error) {
      if (error instanceof ErrorAnswer && !isStrict) return error.answer as TransportResponse
      throw error
    } finally {
      entry.active--
    }
  }

  #deliver(task: FetchTask, received: TransportResponse): Response {
    const { url, method } = task.request
    const from = { url, method, redirected: task.redirects > 0, signal: task.asked.signal }
    const { body } = received
    task.status = received.status
    if (!(body instanceof StreamedBody)) return toResponse(received, body as Buffer | undefined, from)
    const whole = body.takeWhole()
    if (whole !== undefined) return toResponse(received, whole, from)
    const { timeoutMs } = this.#options.protection
    const signal = task.asked.signal
    const stream = toWebStream(body, {
      timeoutMs: timeoutMs === false ? Number.POSITIVE_INFINITY : timeoutMs,
      remainingMs:
        timeoutMs === false ? Number.POSITIVE_INFINITY : task.startedAt + timeoutMs - performance.now(),
      signal,
      context: task.context,
      describe: (error) => this.#describe(error, task),
    })
    try {
      return toResponse(received, stream, from)
    } catch (error) {
      body.destroy()
      throw error
    }
  }

  #describe(error: unknown, task: FetchTask): unknown {
    const reason = callersReason(error, task.asked.signal)
    if (reason !== error || !isHoldfastError(error)) return reason
    error.dependency ??= task.request.url.host
    error.operation ??= task.operation
    error.attempts = task.attempts
    error.elapsedMs = performance.now() - task.startedAt
    return error
  }
}
