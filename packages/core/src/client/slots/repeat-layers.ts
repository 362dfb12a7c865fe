import type { HedgeSettings, RetrySettings } from '../../contract/index.js'
import { HttpError } from '../../foundation/errors/index.js'
import type { Emitter } from '../../foundation/events/index.js'
import {
  type Execution,
  type HedgeEvents,
  hedgeAfter,
  type Policy,
  type RetryBudget,
  retry,
  type Step,
} from '../../policies/index.js'
import type { ClientEvents } from '../../telemetry/events/index.js'
import { type JudgedCall, verdictOf } from '../attempt/attempt-facts.js'
import { type NamedCall, namesOf } from '../attempt/named-call.js'

/** One layer of a pipeline: the step in front of the next. */
export type Layer<Call = unknown> = (next: Step<Call>) => Step<Call>

/** The layer that does nothing. */
export const noLayer = <Call>(next: Step<Call>): Step<Call> => next

/** A call that may be sent more than once, as the `data` of its execution. */
export interface RepeatableCall extends JudgedCall, NamedCall {
  /** Of the request on its way; not `replayable` when its body can be read once only. */
  readonly request: { readonly replayable: boolean } | undefined
  /** Whether sending it twice does no harm. */
  readonly replayable: boolean
}

/** What retries and hedges of one dependency share. */
export interface RepeatContext {
  readonly dependency: string
  readonly events: Emitter<ClientEvents>
  readonly budget: RetryBudget | undefined
  readonly random: (() => number) | undefined
  /** How long a retry waits because the dependency asked for it. By default as long as the failure says. */
  readonly retryAfterMs?: ((error: unknown) => number | undefined) | undefined
}

/** A policy passes on what it was given and knows no calls: here is what a client has given it. */
const callOf = (execution: Execution): RepeatableCall => execution.data as RepeatableCall

/** Further attempts. `false` still makes the layer, which then fills the budget that hedges use. */
export function retryLayer<Call extends RepeatableCall>(
  context: RepeatContext,
  settings: false | RetrySettings,
): Layer<Call> {
  const { dependency, events, budget, random = Math.random, retryAfterMs } = context
  const { statuses = [], ...backoff } = settings === false ? { maxAttempts: 1 } : settings
  const policy = retry({
    ...backoff,
    budget: budget ?? false,
    random,
    ...(retryAfterMs && { retryAfterMs }),
    earns: (error, execution) => verdictOf(error, execution).earns,
    when: (error, execution) => settings !== false && isWorthRetrying(error, execution, statuses),
  })
  policy.on('retry', ({ attempt, delayMs, error, execution }) => {
    events.emit('retry', { dependency, ...namesOf(execution), attempt, delayMs, error })
  })
  return (next) => policy.link(next)
}

/** Whether the failure of an attempt deserves another one, by the table of `classify`. */
export function isWorthRetrying(error: unknown, execution: Execution, optIn: readonly number[]): boolean {
  const call = callOf(execution)
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

/** What hedges have observed, for those that take their place. */
export interface HedgeMemory {
  hedge?: Policy<HedgeEvents>
}

/** The second leg of a slow attempt. */
export function hedgeLayer<Call extends RepeatableCall>(
  context: RepeatContext,
  settings: false | HedgeSettings,
  memory: HedgeMemory = {},
): Layer<Call> {
  if (settings === false) return noLayer
  const { dependency, events, budget } = context
  const policy = hedgeAfter(memory.hedge, {
    ...settings,
    budget: budget ?? false,
    when: (execution) => callOf(execution).replayable,
  })
  memory.hedge = policy
  policy.on('hedge', ({ delayMs, execution }) => {
    events.emit('hedge', { dependency, ...namesOf(execution), delayMs })
  })
  return (next) => policy.link(next)
}
