import type { Emitter } from '../../../foundation/events/index.js'
import type { HttpResponse } from '../../../http/message/index.js'
import { StreamedBody } from '../../../http/transport/index.js'
import { type Execution, type Step, untilAborted } from '../../../policies/index.js'
import { contextStorage } from '../../../telemetry/context/index.js'
import type { ClientEvents } from '../../../telemetry/events/index.js'
import type { CallLedger } from '../../call/call-ledger.js'
import type { OperationObserver } from '../../call/call-observer.js'
import { type CallFace, CallRun } from '../../call/call-run.js'
import type { ClientTelemetry } from '../../call/client-telemetry.js'
import { deadlineLayer } from '../../call/deadline-layer.js'
import { describeError } from '../../call/describe-error.js'
import { ErrorAnswer } from '../../call/error-answer.js'
import { fallbackLayer } from '../../call/fallback-layer.js'
import { observerOf } from '../../destinations/observer-of.js'
import type { OriginRegistry } from '../../destinations/origin-registry.js'
import type { FetchCall, FetchHop } from './fetch-call.js'
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

/** Runs the calls of one `fetch`. */
export class FetchRunner implements CallFace<FetchTask> {
  readonly ledger: CallLedger
  readonly closed = 'the fetch is closed'
  readonly #options: ResolvedFetch
  readonly #origins: OriginRegistry<HttpResponse, FetchCall>
  readonly #telemetry: ClientTelemetry
  readonly #step: Step<FetchTask>

  constructor(
    options: ResolvedFetch,
    origins: OriginRegistry<HttpResponse, FetchCall>,
    { events, ledger, telemetry }: RunnerParts,
  ) {
    this.#options = options
    this.#origins = origins
    this.ledger = ledger
    this.#telemetry = telemetry
    this.#step = this.#link(events)
  }

  /** Settles with a `Response`, or with the caller's own reason, or with a `HoldfastError`. */
  run(asked: FetchRequest, startedAt: number): Promise<Response> {
    const entry = this.#origins.entryOf(asked.url.origin)
    const { priority, timeoutMs } = this.#options.protection
    const task = new FetchTask(asked, entry, startedAt, contextStorage.getStore(), priority)
    task.timeoutMs = timeoutMs === false ? undefined : timeoutMs
    return CallRun.run(this, task, asked.signal) as Promise<Response>
  }

  observerOf(task: FetchTask): OperationObserver | undefined {
    return observerOf(this.#telemetry, this.#origins.entryOf(task.request.origin), task.operation)
  }

  answer(run: CallRun<FetchTask>): Promise<unknown> {
    return this.#step(run)
  }

  failureOf(error: unknown, task: FetchTask): unknown {
    return describeError(error, task, task.request.url.host)
  }

  /** An abort by the caller comes back as the caller's own reason. */
  fail(error: unknown, task: FetchTask): never {
    throw this.#describe(error, task)
  }

  /** Fallback, deadline, and the requests of the call. */
  #link(events: Emitter<ClientEvents>): Step<FetchTask> {
    const { fallback: answer } = this.#options
    if (answer === undefined) return deadlineLayer<FetchTask>(true)((execution) => this.#answer(execution))
    const layer = fallbackLayer<FetchTask>({
      events,
      dependencyOf: ({ request }) => request.url.host,
      standIn: (error, { asked: { method, url } }) => answer(error, { method, url: url.href }),
    })
    // Without a fallback the last answer is the answer; with one, its failure is what the fallback is asked about.
    return layer(deadlineLayer<FetchTask>(false)((execution) => this.#answer(execution, true)))
  }

  async #answer(execution: Execution<FetchTask>, isStrict = false): Promise<Response> {
    const task = execution.data
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
      task.trace = observerOf(this.#telemetry, entry, hop.method)?.startCall(performance.now())
    }
    task.proceed(hop, entry)
  }

  async #send(execution: Execution<FetchTask>, task: FetchTask, isStrict: boolean): Promise<HttpResponse> {
    const entry = this.#origins.entryOf(task.request.origin)
    entry.active++
    try {
      return (await entry.step(execution)) as HttpResponse
    } catch (error) {
      if (error instanceof ErrorAnswer && !isStrict) return error.answer as HttpResponse
      throw error
    } finally {
      entry.active--
    }
  }

  #deliver(task: FetchTask, received: HttpResponse): Response {
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
    return reason === error ? this.failureOf(error, task) : reason
  }
}
