import type { CompiledOperation, OnWarn } from '../contract/index.js'
import { InvalidInputError } from '../errors/index.js'
import { type Execution, type Step, timeoutErrors, untilAborted } from '../policies/index.js'
import { send, type TransportResponse } from '../transport/index.js'
import { type Call, isIdempotent, requestHeaders } from './call.js'
import { clientDefaults } from './client-options.js'
import type { OperationSettings } from './operation-settings.js'
import type { ResolvedClient } from './resolve-options.js'

/** What the steps below need to know of the operation. */
export interface AttemptContext {
  readonly subject: string
  readonly resolved: ResolvedClient
  readonly compiled: CompiledOperation
  readonly settings: OperationSettings
}

const isSuccess = (status: number): boolean => status >= 200 && status < 300

/** The step that checks the input and writes the request, once for all attempts. */
export function linkEncoding(context: AttemptContext, next: Step): Step {
  const { compiled, resolved } = context
  const baseHeaders = headersOf(context)
  const onWarn = warner(context)
  const { validate = clientDefaults.validate } = resolved.options
  const { operation } = compiled
  const mayRepeat = isIdempotent(operation)

  const accept = (call: Call, request: NonNullable<Call['request']>): void => {
    if (!request.replayable && context.settings.mustRetry) throw oneShot(context)
    call.request = request
    call.replayable = mayRepeat && request.replayable
    call.headers = requestHeaders(baseHeaders, operation, call)
  }
  return (execution) => {
    const call = execution.data as Call
    try {
      const request = compiled.encode(call.input, validate, onWarn)
      if (!(request instanceof Promise)) {
        accept(call, request)
        return next(execution)
      }
      const encoded = request.then((made) => accept(call, made))
      return untilAborted(execution, encoded).then(() => next(execution))
    } catch (error) {
      return Promise.reject(error)
    }
  }
}

/**
 * The innermost step, one attempt: takes a permit, passes the breaker, sends the request, reads the response.
 *
 * It is one function, where `compose` would make four, because every promise between caller and socket costs.
 */
export function linkAttempt(context: AttemptContext): Step {
  const { resolved, settings } = context
  const { bulkhead, breaker } = resolved
  const { attemptTimeoutMs } = settings
  const exchange = linkExchange(context)

  return async (execution) => {
    if (bulkhead !== undefined && !bulkhead.tryAcquire()) await bulkhead.acquire(execution)
    const mark = execution.lingered
    const part = attemptTimeoutMs === false ? execution : execution.fork()
    let ticket: number | undefined
    const startedAt = performance.now()
    try {
      ticket = breaker?.admit(execution)
      if (attemptTimeoutMs !== false) part.expireIn(attemptTimeoutMs, timeoutErrors.attempt, startedAt)
      part.markSent(startedAt)
      const pending = exchange.send(part)
      part.arm(startedAt)
      const received = await pending
      const receivedAt = performance.now()
      const data = exchange.read(part, received, receivedAt)
      const result = data instanceof Promise ? await untilAborted(part, data) : data
      if (ticket !== undefined) breaker?.succeeded(ticket, result, startedAt, receivedAt)
      return result
    } catch (error) {
      if (ticket !== undefined) breaker?.failed(ticket, error, execution, startedAt)
      throw error
    } finally {
      if (part !== execution) part.release()
      bulkhead?.release(execution, mark)
    }
  }
}

/** The two halves of an attempt between which it waits. */
interface AttemptExchange {
  send(execution: Execution): Promise<TransportResponse>
  /** The data of a success, a promise of it only where the contract's schema is asynchronous. */
  read(execution: Execution, received: TransportResponse, now: number): unknown
}

function linkExchange(context: AttemptContext): AttemptExchange {
  const { compiled, resolved } = context
  const { transport, origin, basePath } = resolved
  const { validate = clientDefaults.validate } = resolved.options
  const { method } = compiled
  const onWarn = warner(context)
  const { mode, maxResponseBytes, idleTimeoutMs } = responseOptions(context)
  const streamWhen = isSuccess

  return {
    send(execution) {
      const call = execution.data as Call
      const { path: ownPath, body } = call.request as NonNullable<Call['request']>
      const { headers } = call
      const path = basePath === '' ? ownPath : basePath + ownPath
      const dispatcher = transport.dispatcherFor(origin)
      call.attempts++
      return send(
        dispatcher,
        { origin, path, method, headers, body, mode, maxResponseBytes, idleTimeoutMs, streamWhen },
        execution,
      )
    },
    read(execution, received, now) {
      const call = execution.data as Call
      call.latency.record(now - execution.sentAt)
      const data = compiled.decode(received, validate, onWarn)
      call.status = received.status
      call.responseHeaders = received.headers
      return data
    },
  }
}

function responseOptions({ compiled, resolved, settings }: AttemptContext) {
  const { responseKind } = compiled
  const { maxResponseBytes } = resolved.options
  const isStream = responseKind === 'stream'
  const unlimited = Number.POSITIVE_INFINITY
  return {
    mode: isStream
      ? ('stream' as const)
      : responseKind === 'none'
        ? ('discard' as const)
        : ('buffer' as const),
    maxResponseBytes: maxResponseBytes ?? (isStream ? unlimited : clientDefaults.maxResponseBytes),
    idleTimeoutMs: settings.idleTimeoutMs === false ? unlimited : settings.idleTimeoutMs,
  }
}

/** The headers of every request of an operation, as long as neither contract nor caller has some of their own. */
function headersOf({ compiled, resolved }: AttemptContext): Record<string, string> {
  const accept = compiled.responseKind === 'json' ? { accept: 'application/json' } : undefined
  return Object.freeze({ ...accept, ...resolved.headers })
}

function warner({ subject, compiled, resolved }: AttemptContext): OnWarn {
  const { onInvalid } = resolved.options
  return (problems) => {
    if (onInvalid === undefined) {
      const text = problems.map(({ path, message }) => `${path}: ${message}`).join('; ')
      process.emitWarning(`${subject}: ${text}`, 'HoldfastWarning')
      return
    }
    try {
      onInvalid({ operation: compiled.name, problems })
    } catch (error) {
      process.emitWarning(`onInvalid threw: ${String(error)}`, 'HoldfastWarning')
    }
  }
}

function oneShot({ subject }: AttemptContext): InvalidInputError {
  const message =
    'is a stream that can be read once, and the operation asks for retries; pass a function that makes the stream'
  return new InvalidInputError(subject, [{ path: 'body', message }])
}
