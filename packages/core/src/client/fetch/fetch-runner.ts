import { isHoldfastError } from '../../errors/index.js'
import {
  type Emitter,
  Execution,
  fallback,
  linkTimeout,
  type Step,
  timeoutErrors,
  untilAborted,
} from '../../policies/index.js'
import { StreamedBody, type TransportResponse } from '../../transport/index.js'
import { isCallersFault } from '../callers-fault.js'
import type { ClientEvents } from '../client-events.js'
import { ErrorAnswer } from '../origin/error-answer.js'
import type { OriginRegistry } from '../origin/origin-registry.js'
import { FetchCall, type FetchHop } from './fetch-call.js'
import type { ResolvedFetch } from './fetch-options.js'
import type { FetchRequest } from './fetch-request.js'
import { isRedirect, maxRedirects, nextHop, refuse } from './redirect.js'
import { callersReason, toWebStream } from './response-stream.js'
import { toResponse } from './to-response.js'

/** A call and what it was asked for. */
class FetchTask extends FetchCall {
  readonly asked: FetchRequest

  constructor(asked: FetchRequest, hop: FetchHop, latency: FetchCall['latency'], startedAt: number) {
    super(hop, latency, startedAt)
    this.asked = asked
  }
}

const noWork = (): void => {}

/** Runs the calls of one `fetch`. */
export class FetchRunner {
  readonly #options: ResolvedFetch
  readonly #origins: OriginRegistry<TransportResponse>
  readonly #step: Step

  constructor(
    options: ResolvedFetch,
    origins: OriginRegistry<TransportResponse>,
    events: Emitter<ClientEvents>,
  ) {
    this.#options = options
    this.#origins = origins
    this.#step = this.#link(events)
  }

  /** Settles with a `Response`, or with the caller's own reason, or with a `HoldfastError`. */
  async run(asked: FetchRequest, startedAt: number): Promise<Response> {
    const { url, method, headers, body, signal } = asked
    const hop: FetchHop = {
      url,
      origin: url.origin,
      path: url.pathname + url.search,
      method,
      headers,
      body: body.body,
      replayable: body.replayable,
    }
    const task = new FetchTask(asked, hop, this.#origins.entryOf(hop.origin).latency, startedAt)
    const execution = Execution.start(noWork, task)
    if (signal !== undefined) execution.follow(signal)
    try {
      return (await this.#step(execution)) as Response
    } catch (error) {
      throw this.#describe(error, task)
    } finally {
      execution.release()
      if (signal !== undefined) execution.unfollow(signal)
    }
  }

  /** Fallback, deadline, and the requests of the call. */
  #link(events: Emitter<ClientEvents>): Step {
    const { protection, fallback: answer } = this.#options
    const { timeoutMs } = protection
    const exchange: Step = (execution) => this.#answer(execution)
    if (answer === undefined) {
      if (timeoutMs === false) return exchange
      return (execution) => {
        const { startedAt } = execution.data as FetchTask
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
        return answer(this.#describe(error, task) as never, { method, url: url.href })
      },
      { when: (error) => !isCallersFault(error) },
    )
    policy.on('fallback', ({ error, execution }) => {
      const { operation, asked } = execution.data as FetchTask
      events.emit('fallback', { dependency: asked.url.host, operation, error: error as never })
    })
    // Without a fallback the last answer is the answer; with one, its failure is what the fallback is asked about.
    const strict: Step = (execution) => this.#answer(execution, true)
    return policy.link(
      linkTimeout(strict, () => (timeoutMs === false ? undefined : timeoutMs), timeoutErrors.total),
    )
  }

  async #answer(execution: Execution, isStrict = false): Promise<Response> {
    const task = execution.data as FetchTask
    const { lateBody } = task.asked
    if (lateBody !== undefined) {
      const body = (await untilAborted(execution, lateBody())) as FetchRequest['body']
      task.proceed({ ...task.request, body: body.body, replayable: body.replayable }, task.latency)
    }
    let received = await this.#send(execution, task, isStrict)
    while (task.asked.redirect !== 'manual' && isRedirect(received)) {
      if (task.asked.redirect === 'error') throw refuse(task.request, received, 'is not wanted')
      if (++task.redirects > maxRedirects) {
        throw refuse(task.request, received, `is one too many after ${maxRedirects}`)
      }
      const hop = nextHop(task.request, received)
      task.proceed(hop, this.#origins.entryOf(hop.origin).latency)
      execution.attempt = 1
      execution.sentAt = 0
      received = await this.#send(execution, task, isStrict)
    }
    return this.#deliver(task, received)
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
    const from = { url, method, redirected: task.redirects > 0 }
    const { body } = received
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
