import { type CompiledOperation, isIdempotent, type OnWarn } from '../../../contract/index.js'
import { isThenable } from '../../../foundation/cancellation/index.js'
import { show } from '../../../foundation/config/index.js'
import { InvalidInputError } from '../../../foundation/errors/index.js'
import type { HttpResponse } from '../../../http/message/index.js'
import { type Step, untilAborted } from '../../../policies/index.js'
import type { AttemptExchange } from '../../attempt/attempt-guards.js'
import { inPhase } from '../../attempt/call-phase.js'
import { linkGuardedAttempt } from '../../attempt/guarded-attempt.js'
import { Answer, isAnswer } from '../../caching/answer.js'
import { sendAttempt } from '../../call/traced-send.js'
import type { ClientEndpoint } from '../../destinations/client-endpoint.js'
import type { ClientEndpoints } from '../../destinations/client-endpoints.js'
import { attemptHeaders, type Call, writeHeaders } from '../../operation/call.js'
import { clientDefaults } from '../../options/client-options.js'
import type { OperationSettings } from '../../settings/operation-settings.js'
import { keepsAnswers } from '../../settings/read-settings.js'
import type { ResolvedClient } from '../../settings/resolve-options.js'
import type { Send } from '../../slots/chaos/chaotic-send.js'

/** What the steps below need to know of the operation. */
export interface AttemptContext {
  readonly subject: string
  readonly resolved: ResolvedClient
  readonly endpoints: ClientEndpoints
  readonly compiled: CompiledOperation
  readonly settings: OperationSettings
  readonly send: Send
}

const isSuccess = (status: number): boolean => status >= 200 && status < 300

/** The step that checks the input and writes the request, once for all attempts. */
export function linkEncoding(context: AttemptContext, next: Step<Call>): Step<Call> {
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
    writeHeaders(baseHeaders, operation, call)
  }
  return (execution) => {
    const call = execution.data
    try {
      const request = compiled.encode(call.input, validate, onWarn)
      if (!(request instanceof Promise)) {
        accept(call, request)
        return next(execution)
      }
      const encoded = request.then((made) => accept(call, made))
      return inPhase('encoding', untilAborted(execution, encoded)).then(() => next(execution))
    } catch (error) {
      return Promise.reject(error)
    }
  }
}

/** The innermost step: one attempt. */
export function linkAttempt(context: AttemptContext): Step<Call> {
  const { adaptiveConcurrency: adaptive, bulkhead } = context.resolved
  const { attemptTimeoutMs, timeoutMs } = context.settings
  const { targets } = context.endpoints
  return linkGuardedAttempt(
    { targets, adaptive, bulkhead, attemptTimeoutMs, timeoutMs },
    linkExchange(context),
  )
}

function linkExchange(context: AttemptContext): AttemptExchange<HttpResponse, Call, ClientEndpoint> {
  const { compiled, send, settings } = context
  const { method } = compiled
  const decode = linkDecoding(context)
  const { mode, maxResponseBytes, maxBufferedBytes, idleTimeoutMs } = responseOptions(context)
  const streamWhen = isSuccess

  return {
    send(execution, { basePath, origin, propagates, serverName, transport }) {
      const call = execution.data
      const { path: ownPath, body } = call.request as NonNullable<Call['request']>
      const headers = attemptHeaders(call, execution, { propagates, serverName })
      const path = basePath === '' ? ownPath : basePath + ownPath
      const dispatcher = transport.dispatcherFor(origin)
      call.attempts++
      const request = {
        origin,
        path,
        method,
        headers,
        body,
        mode,
        maxResponseBytes,
        maxBufferedBytes,
        idleTimeoutMs,
        streamWhen,
        cutsErrorBodies: true,
      }
      return sendAttempt(send, call, dispatcher, request, execution)
    },
    read: keepsAnswers(settings)
      ? (_, received) => readAnswer(received, decode)
      : (execution, received) => {
          const call = execution.data
          const data = decode(received)
          call.status = received.status
          call.responseHeaders = received.headers
          return data
        },
  }
}

/** Reads the responses of an operation. */
export function linkDecoding(context: AttemptContext): (received: HttpResponse) => unknown {
  const { compiled, resolved } = context
  const { validate = clientDefaults.validate } = resolved.options
  const onWarn = warner(context)
  return (received) => compiled.decode(received, validate, onWarn)
}

/** The answer with its bytes. Only a success is read at once, so that one that is invalid is not kept. */
function readAnswer(received: HttpResponse, decode: (received: HttpResponse) => unknown): unknown {
  const { status } = received
  if (!isSuccess(status) && isAnswer(status)) return new Answer(received)
  const data = decode(received)
  return data instanceof Promise
    ? data.then((value) => new Answer(received, { data: value }))
    : new Answer(received, { data })
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
    // Of an error that answers where a stream was asked for.
    maxBufferedBytes: maxResponseBytes ?? clientDefaults.maxResponseBytes,
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
      const returned: unknown = onInvalid({ operation: compiled.name, problems })
      if (isThenable(returned)) returned.then(undefined, warnOfOnInvalid)
    } catch (error) {
      warnOfOnInvalid(error)
    }
  }
}

function warnOfOnInvalid(error: unknown): void {
  process.emitWarning(`onInvalid threw: ${show(error)}`, 'HoldfastWarning')
}

function oneShot({ subject }: AttemptContext): InvalidInputError {
  const message =
    'is a stream that can be read once, and the operation asks for retries; pass a function that makes the stream'
  return new InvalidInputError(subject, [{ path: 'body', message }])
}
