import { isHoldfastError, outcomeOfCode } from '../../foundation/errors/index.js'
import type { Step } from '../../policies/index.js'
import type { Call } from '../operation/call.js'
import { keepsAnswers } from '../settings/read-settings.js'
import { type Layer, noLayer } from '../slots/policy-slot.js'
import type { Answer } from './answer.js'
import { CachedReads } from './cached-reads.js'
import { giveAnswer } from './give-answer.js'
import type { ReadContext } from './read-context.js'
import { SharedReads } from './shared-reads.js'

/** The methods that change nothing. */
const safeMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])

/**
 * The layer around everything that costs the dependency something. Of a read it answers from the cache, or has it share
 * the request of another; what it asks further in gives an `Answer`. Of a write it tells the reads.
 */
export function readLayer(context: ReadContext): Layer<Call> {
  const { method, reads, settings } = context
  if (!safeMethods.has(method)) return (next) => writeStep(context, next)
  if (!keepsAnswers(settings)) return noLayer
  const { cache, coalesce } = settings
  const shared = coalesce === undefined ? undefined : new SharedReads(context, coalesce)
  return (next) => {
    if (cache !== undefined && reads.cache !== undefined) {
      const cached = new CachedReads(context, { cache: reads.cache, settings: cache, shared }, next)
      return (execution) => cached.answer(execution)
    }
    return async (execution) => {
      const answer = await shared?.answer(execution, (own) => next(own) as Promise<Answer>)
      return giveAnswer(context, execution.data, answer as Answer)
    }
  }
}

function writeStep({ method, reads }: ReadContext, next: Step<Call>): Step<Call> {
  return async (execution) => {
    const call = execution.data
    try {
      const data = await next(execution)
      reads.wrote(call, method, { status: call.status, headers: call.responseHeaders })
      return data
    } catch (error) {
      if (isHoldfastError(error, 'HTTP_STATUS') && error.status < 400) reads.wrote(call, method, error)
      else if (call.attempts > 0 && mayHaveWritten(error)) reads.mayHaveWritten(call, method)
      throw error
    }
  }
}

/** Whether the dependency may have done what was asked although it did not say so. */
function mayHaveWritten(error: unknown): boolean {
  if (!isHoldfastError(error)) return true
  // Who fails may have got far before; who is unavailable has not begun.
  if (isHoldfastError(error, 'HTTP_STATUS'))
    return error.status >= 500 && error.status !== 501 && error.status !== 503
  return outcomeOfCode(error.code).call.wrote && (error as { processed?: unknown }).processed !== false
}
