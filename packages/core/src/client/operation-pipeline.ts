import { HttpError, isHoldfastError } from '../errors/index.js'
import {
  type Emitter,
  type Execution,
  fallback,
  hedge,
  linkTimeout,
  retry,
  type Step,
  timeoutErrors,
} from '../policies/index.js'
import { type AttemptContext, linkAttempt, linkEncoding } from './attempt.js'
import { verdictOf } from './attempt-facts.js'
import type { Call } from './call.js'
import type { ClientEvents } from './client-events.js'

/** What the pipeline of one operation is made from. */
export interface PipelineContext extends AttemptContext {
  readonly dependency: string
  readonly events: Emitter<ClientEvents>
}

type Layer = (next: Step) => Step

const none: Layer = (next) => next

/**
 * The layers around one operation, outermost first: fallback, deadline, encoding, rate limit, retry, hedge, and the
 * attempt, which itself is bulkhead, breaker, attempt timeout and transport.
 */
export function linkOperation(context: PipelineContext): Step {
  const layers: Layer[] = [
    fallbackLayer(context),
    deadlineLayer(context),
    (next) => linkEncoding(context, next),
    (next) => context.resolved.rateLimit?.link(next) ?? next,
    retryLayer(context),
    hedgeLayer(context),
  ]
  return layers.reduceRight((next, layer) => layer(next), linkAttempt(context))
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
  if (answer === undefined) return none
  const operation = compiled.name
  const policy = fallback(
    (error: unknown, context: unknown) => {
      const { input } = (context as Execution).data as Call
      return answer(error as never, { operation, input })
    },
    { when: (error) => !isCallersFault(error) },
  )
  policy.on('fallback', ({ error }) => {
    events.emit('fallback', { dependency, operation, error: error as never })
  })
  return (next) => policy.link(next)
}

function retryLayer(context: PipelineContext): Layer {
  const { compiled, dependency, events, resolved, settings } = context
  const operation = compiled.name
  const { statuses = [], ...backoff } = settings.retry === false ? { maxAttempts: 1 } : settings.retry
  const policy = retry({
    ...backoff,
    budget: resolved.budget ?? false,
    random: resolved.options.random ?? Math.random,
    earns: (error, execution) => verdictOf(error, execution).earns,
    when: (error, execution) => settings.retry !== false && isWorthRetrying(error, execution, statuses),
  })
  policy.on('retry', ({ attempt, delayMs, error }) => {
    events.emit('retry', { dependency, operation, attempt, delayMs, error })
  })
  return (next) => policy.link(next)
}

function isWorthRetrying(error: unknown, execution: Execution, optIn: readonly number[]): boolean {
  const call = execution.data as Call
  if (call.request?.replayable === false || saysNotTo(error)) return false
  const verdict = verdictOf(error, execution)
  if (verdict.retry === 'always') return true
  if (!call.replayable) return false
  if (verdict.retry === 'replayable') return true
  return verdict.retry === 'optIn' && error instanceof HttpError && optIn.includes(error.status)
}

/** A dependency whose own dependencies are exhausted asks its callers not to add to it. */
function saysNotTo(error: unknown): boolean {
  return error instanceof HttpError && error.headers['x-should-retry'] === 'false'
}

function hedgeLayer({ compiled, dependency, events, resolved, settings }: PipelineContext): Layer {
  if (settings.hedge === false) return none
  const operation = compiled.name
  const policy = hedge({
    ...settings.hedge,
    budget: resolved.budget ?? false,
    when: (execution) => ((execution as Execution).data as Call).replayable,
  })
  policy.on('hedge', ({ delayMs }) => events.emit('hedge', { dependency, operation, delayMs }))
  return (next) => policy.link(next)
}

function isCallersFault(error: unknown): boolean {
  return !isHoldfastError(error) || error.code === 'ABORTED' || error.code === 'INVALID_INPUT'
}
