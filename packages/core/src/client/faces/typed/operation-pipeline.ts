import type { Emitter } from '../../../foundation/events/index.js'
import type { Step } from '../../../policies/index.js'
import type { ClientEvents } from '../../../telemetry/events/index.js'
import type { UsualLatency } from '../../attempt/attempt-facts.js'
import type { ClientReads } from '../../caching/client-reads.js'
import { readLayer } from '../../caching/read-layer.js'
import type { OperationObserver } from '../../call/call-observer.js'
import { deadlineLayer } from '../../call/deadline-layer.js'
import { fallbackLayer } from '../../call/fallback-layer.js'
import { type Call, noHeaders } from '../../operation/call.js'
import { type Layer, type LinkContext, type LinkMemory, noLayer } from '../../slots/policy-slot.js'
import { linkPolicies } from '../../slots/shared-policies.js'
import { type AttemptContext, linkAttempt, linkDecoding, linkEncoding } from './attempt.js'

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
export type PipelineMemory = LinkMemory

/**
 * The layers around one operation, outermost first: fallback, deadline, encoding, cache and coalescing, rate limit, retry,
 * hedge, and the attempt, which itself is concurrency limit, choice of the endpoint, breaker, attempt timeout and transport.
 */
export function linkOperation(context: PipelineContext, memory: PipelineMemory): Step<Call> {
  const layers: Layer<Call>[] = [
    fallbackOf(context),
    deadlineLayer(context.settings.fallback === undefined),
    (next) => linkEncoding(context, next),
    sharingLayer(context),
    (next) => linkPolicies(next, linkContext(context, memory)),
  ]
  return layers.reduceRight((next, layer) => layer(next), linkAttempt(context))
}

/** Whatever an answer from the cache, or from the request of another call, must not cost is further in. */
function sharingLayer(context: PipelineContext): Layer<Call> {
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

/** A fallback outlives the deadline: it is there for calls that have used up their time. */
function fallbackOf({ dependency, events, settings }: PipelineContext): Layer<Call> {
  const answer = settings.fallback
  if (answer === undefined) return noLayer
  return fallbackLayer<Call>({
    events,
    dependencyOf: () => dependency,
    standIn(error, call) {
      // Of an answer that was refused.
      call.responseHeaders = noHeaders
      const { operation, input } = call
      return answer(error as never, { operation, input })
    },
  })
}

function linkContext(context: PipelineContext, memory: PipelineMemory): LinkContext {
  const { dependency, endpoints, events, resolved, settings } = context
  const { retryAfterMs } = endpoints
  const { hedge, retry } = settings
  return {
    ...resolved,
    dependency,
    events,
    retry,
    hedge,
    memory,
    random: resolved.options.random,
    retryAfterMs,
  }
}
