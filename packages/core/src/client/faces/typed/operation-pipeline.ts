import type { Emitter } from '../../../foundation/events/index.js'
import { type Execution, fallback, linkTimeout, type Step, timeoutErrors } from '../../../policies/index.js'
import type { UsualLatency } from '../../attempt/attempt-facts.js'
import type { ClientReads } from '../../caching/client-reads.js'
import { readLayer } from '../../caching/read-layer.js'
import type { OperationObserver } from '../../call/call-observer.js'
import { isCallersFault } from '../../call/callers-fault.js'
import type { ClientEvents } from '../../call/client-events.js'
import {
  type HedgeMemory,
  hedgeLayer,
  type Layer,
  namesOf,
  noLayer,
  type RepeatContext,
  retryLayer,
} from '../../slots/repeat-layers.js'
import { type AttemptContext, linkAttempt, linkDecoding, linkEncoding } from './attempt.js'
import { type Call, noHeaders } from './call.js'

/** What the pipeline of one operation is made from. */
export interface PipelineContext extends AttemptContext {
  readonly dependency: string
  readonly events: Emitter<ClientEvents>
  readonly latency: UsualLatency
  /** Where any operation of the client caches or coalesces. */
  readonly reads: ClientReads | undefined
  readonly observer: OperationObserver | undefined
}

/** What an operation has learnt, for a pipeline that takes the place of another. */
export type PipelineMemory = HedgeMemory

/**
 * The layers around one operation, outermost first: fallback, deadline, encoding, cache and coalescing, rate limit, retry,
 * hedge, and the attempt, which itself is concurrency limit, choice of the endpoint, breaker, attempt timeout and transport.
 */
export function linkOperation(context: PipelineContext, memory: PipelineMemory): Step {
  const layers: Layer[] = [
    fallbackLayer(context),
    deadlineLayer(context),
    (next) => linkEncoding(context, next),
    sharingLayer(context),
    (next) => context.resolved.rateLimit?.link(next) ?? next,
    retryLayer(repeatContext(context), context.settings.retry),
    hedgeLayer(repeatContext(context), context.settings.hedge, memory),
  ]
  return layers.reduceRight((next, layer) => layer(next), linkAttempt(context))
}

/** Whatever an answer from the cache, or from the request of another call, must not cost is further in. */
function sharingLayer(context: PipelineContext): Layer {
  const { compiled, reads, resolved } = context
  if (reads === undefined) return noLayer
  const { method, name: operation, responseKind } = compiled
  const { headers } = resolved
  return readLayer({
    ...context,
    operation,
    method,
    responseKind,
    headers,
    reads,
    decode: linkDecoding(context),
  })
}

/** Without a fallback nothing outlives the deadline, so the whole execution can expire and needs no fork. */
function deadlineLayer({ settings }: PipelineContext): Layer {
  const timeoutOf = (execution: Execution) => (execution.data as Call).timeoutMs
  if (settings.fallback !== undefined) return (next) => linkTimeout(next, timeoutOf, timeoutErrors.total)
  return (next) => (execution) => {
    const { timeoutMs, startedAt } = execution.data as Call
    if (timeoutMs === undefined) return next(execution)
    execution.expireIn(timeoutMs, timeoutErrors.total, startedAt)
    const pending = next(execution)
    execution.arm(startedAt)
    return pending
  }
}

function fallbackLayer({ compiled, dependency, events, settings }: PipelineContext): Layer {
  const answer = settings.fallback
  if (answer === undefined) return noLayer
  const operation = compiled.name
  const policy = fallback(
    (error: unknown, context: unknown) => {
      const call = (context as Execution).data as Call
      // What an answer that was refused has left behind.
      call.status = 0
      call.responseHeaders = noHeaders
      return inTime(call, error, answer(error as never, { operation, input: call.input }))
    },
    { when: (error) => !isCallersFault(error) },
  )
  policy.on('fallback', ({ error, execution }) => {
    events.emit('fallback', { dependency, ...namesOf(execution), error: error as never })
  })
  return (next) => policy.link(next)
}

/** What a fallback has after the deadline, in milliseconds: it is there for calls that have used up their time. */
const fallbackGraceMs = 1_000

/** The answer of a fallback, or the call's own error when the fallback hangs. */
function inTime(call: Call, error: unknown, answer: unknown): unknown {
  if (typeof (answer as { then?: unknown } | null | undefined)?.then !== 'function') return answer
  const leftMs = (call.timeoutMs ?? 0) - (performance.now() - call.startedAt)
  return new Promise((resolve, reject) => {
    const timer = setTimeout(reject, Math.max(leftMs, fallbackGraceMs), error)
    Promise.resolve(answer)
      .then(resolve, reject)
      .finally(() => clearTimeout(timer))
  })
}

function repeatContext({ dependency, endpoints, events, resolved }: PipelineContext): RepeatContext {
  const { retryAfterMs } = endpoints
  return { dependency, events, budget: resolved.budget, random: resolved.options.random, retryAfterMs }
}
