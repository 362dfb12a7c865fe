import { describe, expectTypeOf, it } from 'vitest'
import type { HoldfastError } from '../../foundation/errors/index.js'
import { isHoldfastError } from '../../foundation/errors/index.js'
import { circuitBreaker } from '../circuit-breaker/circuit-breaker.js'
import { bulkhead } from '../concurrency/bulkhead.js'
import { retry } from '../retry/retry.js'
import { timeout } from '../timeout/timeout.js'
import { compose } from './compose.js'
import { Execution, type Step } from './execution.js'

const policy = compose(timeout({ timeoutMs: 1 }), retry(), circuitBreaker(), bulkhead())

describe('the types of a policy', () => {
  it('are those of the function', () => {
    expectTypeOf(policy.execute(() => 1)).toEqualTypeOf<Promise<number>>()
    expectTypeOf(policy.execute(async () => 'text')).toEqualTypeOf<Promise<string>>()
    const load = policy.wrap(async (id: string, page?: number) => ({ id, page }))
    expectTypeOf(load).parameters.toEqualTypeOf<[id: string, page?: number]>()
    expectTypeOf(load).returns.resolves.toEqualTypeOf<{ id: string; page: number | undefined }>()
  })

  it('name the events of each policy', () => {
    retry().on('retry', ({ attempt, delayMs, error }) => {
      expectTypeOf(attempt).toBeNumber()
      expectTypeOf(delayMs).toBeNumber()
      expectTypeOf(error).toBeUnknown()
    })
    circuitBreaker().on('open', ({ openMs }) => expectTypeOf(openMs).toBeNumber())
    // @ts-expect-error: a bulkhead has no such event
    bulkhead().on('open', () => {})
    // @ts-expect-error: a composition has no events of its own
    policy.on('retry', () => {})
  })

  it('know the options', () => {
    // @ts-expect-error: a timeout needs its time
    timeout({})
    // @ts-expect-error: a typing mistake
    retry({ maxAttempt: 2 })
    // @ts-expect-error: a verdict that there is not
    circuitBreaker({ classify: () => 'bad' })
  })

  it('carry what a call was given through every step', () => {
    const call = Execution.start(() => undefined, { id: 'o-1' })
    expectTypeOf(call.data).toEqualTypeOf<{ id: string }>()
    expectTypeOf(call.fork().data).toEqualTypeOf<{ id: string }>()
    const step = policy.link(async (execution: Execution<{ id: string }>) => execution.data.id)
    expectTypeOf(step).toEqualTypeOf<Step<{ id: string }>>()
    // @ts-expect-error: a call without an id
    step(Execution.start(() => undefined))
    // What asks nothing of a call takes every call.
    expectTypeOf<Step>().toExtend<Step<{ id: string }>>()
  })

  it('narrow an error to its code', () => {
    const error: unknown = undefined
    if (isHoldfastError(error)) expectTypeOf(error).toExtend<HoldfastError>()
    if (isHoldfastError(error, 'ABORTED')) expectTypeOf(error.code).toEqualTypeOf<'ABORTED'>()
  })
})
