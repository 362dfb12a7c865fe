import { randomUUID } from 'node:crypto'
import type { EncodedRequest, Operation } from '../../contract/index.js'
import { isAbortSignal } from '../../foundation/cancellation/index.js'
import { InvalidInputError, type Problem, type ResponseHeaders } from '../../foundation/errors/index.js'
import { isPriority, type Priority, priorities } from '../../foundation/priority/index.js'
import type { Execution } from '../../policies/index.js'
import type { ActiveContext } from '../../telemetry/context/index.js'
import type { CallTrace } from '../../telemetry/tracing/index.js'
import type { TrafficDecision } from '../../upstream/traffic/index.js'
import type { UsualLatency } from '../attempt/attempt-facts.js'
import type { BalancedCall } from '../attempt/attempt-guards.js'
import { withContextHeaders, withPriority, withRemainingTime } from '../call/inherited-context.js'
import type { ClientEndpoint } from '../destinations/client-endpoint.js'
import type { CallOptions } from '../options/call-options.js'
import { checkHeaders } from '../options/check-headers.js'
import type { OperationSettings } from '../settings/operation-settings.js'
import type { CacheResult } from './cache-result.js'

/** One call of an operation, as its pipeline needs it. It travels as the `data` of the execution. */
export interface Call extends BalancedCall<ClientEndpoint> {
  readonly operation: string
  readonly input: unknown
  timeoutMs: number | undefined
  readonly startedAt: number
  /** Set by the encode step. */
  request: EncodedRequest | undefined
  headers: Record<string, string>
  replayable: boolean
  /** Requests handed to the transport. */
  attempts: number
  /** Of the response that the call was answered with; 0 without one. */
  status: number
  responseHeaders: ResponseHeaders
  readonly callHeaders: Record<string, string> | undefined
  readonly idempotencyKey: string | undefined
  /** Its own; `undefined` where it is that of the request that the call is made for. */
  readonly priority: Priority | undefined
  /** Of the request that the call is made for. */
  context: ActiveContext | undefined
  trace: CallTrace | undefined
  /** What has chosen the version that it goes to; `undefined` where there is one only. */
  decision: TrafficDecision | undefined
  /** Whether every endpoint may know of the request that it is made for. */
  propagates: boolean
  /** Whether the spans of its attempts may write themselves into the headers. */
  injects: boolean
  /** How the cache answered; `undefined` without one. */
  cached: CacheResult | undefined
  /** Whether it shares the request of a call that began before it. */
  isCoalesced: boolean
}

/** Those of no response at all. */
export const noHeaders: ResponseHeaders = Object.freeze({})
const noRequestHeaders: Record<string, string> = Object.freeze({})

/** A call that begins now; `options` have been checked. */
export function startCall(
  operation: string,
  input: unknown,
  { timeoutMs, priority }: Pick<OperationSettings, 'timeoutMs' | 'priority'>,
  latency: UsualLatency,
  options: CallOptions | undefined,
): Call {
  const total = options?.timeoutMs ?? timeoutMs
  return {
    operation,
    input,
    latency,
    timeoutMs: total === false ? undefined : total,
    startedAt: performance.now(),
    request: undefined,
    headers: noRequestHeaders,
    replayable: false,
    attempts: 0,
    status: 0,
    responseHeaders: noHeaders,
    callHeaders: options?.headers as Record<string, string> | undefined,
    idempotencyKey: options?.idempotencyKey,
    priority: options?.priority ?? priority,
    context: undefined,
    trace: undefined,
    decision: undefined,
    propagates: false,
    injects: false,
    cached: undefined,
    isCoalesced: false,
    failure: undefined,
    verdict: undefined,
    tried: undefined,
  }
}

const optionNames: ReadonlySet<string> = new Set([
  'signal',
  'timeoutMs',
  'headers',
  'idempotencyKey',
  'priority',
])

/**
 * Checks the options of one call.
 * @throws {InvalidInputError} `INVALID_INPUT`, naming everything that is wrong at once.
 */
export function checkCallOptions(subject: string, operation: Operation, options: CallOptions): CallOptions {
  const problems: Problem[] = []
  const add = (path: string, message: string) => problems.push({ path, message })
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new InvalidInputError(subject, [{ path: 'options', message: 'must be an object of call options' }])
  }
  for (const name of Object.keys(options)) {
    if (!optionNames.has(name)) add(name, `is not a call option; they are ${[...optionNames].join(', ')}`)
  }
  const { signal, timeoutMs, idempotencyKey, priority } = options
  if (signal !== undefined && !isAbortSignal(signal)) add('signal', 'must be an AbortSignal')
  if (timeoutMs !== undefined && timeoutMs !== false && !isDuration(timeoutMs)) {
    add('timeoutMs', 'must be a positive number of milliseconds, or false')
  }
  if (priority !== undefined && !isPriority(priority))
    add('priority', `must be one of ${priorities.join(', ')}`)
  const isStreamed = operation.body === 'stream' || operation.body === 'multipart'
  const noteHeader = (name: string, message: string) =>
    add(name === '' ? 'headers' : `headers.${name}`, message)
  const headers = checkHeaders(options.headers, noteHeader, isStreamed)
  if (idempotencyKey !== undefined) {
    if (operation.idempotent !== 'key')
      add('idempotencyKey', "has no effect: the operation is not idempotent: 'key'")
    else if (idempotencyKey === '') add('idempotencyKey', 'must not be empty')
    else checkHeaders({ 'idempotency-key': idempotencyKey }, (_, message) => add('idempotencyKey', message))
  }
  if (problems.length > 0) throw new InvalidInputError(subject, problems)
  return { signal, timeoutMs, idempotencyKey, priority, headers }
}

function isDuration(value: unknown): boolean {
  return typeof value === 'number' && value > 0 && value < 2 ** 31
}

/** Writes the headers of all attempts of a call, those of the call itself winning. */
export function writeHeaders(base: Record<string, string>, operation: Operation, call: Call): void {
  const encoded = call.request?.headers
  const { callHeaders, propagates } = call
  const isKeyed = operation.idempotent === 'key'
  const isPlain = encoded === undefined && callHeaders === undefined && !isKeyed
  const own = isPlain ? base : { ...base, ...encoded, ...callHeaders }
  const headers = propagates ? carriedHeaders(own, call) : own
  if (isKeyed) headers['idempotency-key'] ??= call.idempotencyKey ?? randomUUID()
  call.injects = propagates && own.traceparent === undefined
  call.headers = headers
}

/** `own` and what they carry on to a host that may know of the request. */
function carriedHeaders(own: Record<string, string>, { context, priority }: Call): Record<string, string> {
  const headers = context === undefined ? own : withContextHeaders(own, context)
  return priority === undefined ? headers : withPriority(headers, priority, own)
}

/** The headers of one attempt: those of the call, and what depends on when and where it is sent. */
export function attemptHeaders(
  call: Call,
  execution: Execution,
  { propagates, serverName }: Pick<ClientEndpoint, 'propagates' | 'serverName'>,
): Record<string, string> {
  const { context } = call
  let { headers } = call
  if (serverName !== undefined) headers = { host: serverName, ...headers }
  if (!propagates) {
    call.injects = false
    return headers
  }
  if (!call.propagates) {
    // Of several endpoints only some may know, so nothing of it stands in the headers of all.
    call.injects = headers.traceparent === undefined
    headers = carriedHeaders(headers, call)
  }
  return context === undefined ? headers : withRemainingTime(headers, execution)
}
