import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Execution } from '../../policies/index.js'
import type { DependencyPolicies, SharedPolicyOptions } from '../slots/policy-slots.js'
import { makeDependencyPolicies } from '../slots/shared-policies.js'
import { KeptPolicies } from './kept-policies.js'

const flush = (): Promise<void> => new Promise(setImmediate)

const permits = fc.integer({ min: 1, max: 4 })
const options: fc.Arbitrary<SharedPolicyOptions> = fc.oneof(
  fc.record({
    bulkhead: fc.record({ maxConcurrent: permits, maxQueue: fc.constant(3), shadow: fc.boolean() }),
  }),
  permits.map((limit) => ({ adaptiveConcurrency: { minLimit: limit, maxLimit: limit, maxQueue: 3 } })),
  fc.constant({ adaptiveConcurrency: false as const }),
  fc.constant({ shadow: true, adaptiveConcurrency: { maxLimit: 1 } }),
)

type Step =
  | { readonly do: 'arrive' }
  | { readonly do: 'end'; readonly pick: number }
  | { readonly do: 'update'; readonly options: SharedPolicyOptions }

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.constant<Step>({ do: 'arrive' }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('end' as const), pick: fc.nat(20) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('update' as const), options }) },
)

/** Attempts that take their permit as an attempt does: from the limit of the pipeline that they began in. */
class Attempts {
  readonly running: (() => void)[] = []
  #limited = 0
  waiting = 0

  get limited(): number {
    return this.#limited
  }

  async start({ adaptiveConcurrency: adaptive, bulkhead }: DependencyPolicies): Promise<void> {
    const limit = adaptive ?? bulkhead
    const execution = Execution.start(() => {})
    if (limit === undefined) {
      this.running.push(() => {})
      return
    }
    if (!limit.tryAcquire()) {
      this.waiting++
      try {
        await limit.acquire(execution)
      } catch {
        return
      } finally {
        this.waiting--
      }
    }
    this.#limited++
    this.running.push(() => {
      this.#limited--
      adaptive?.settled('success', 0, 1)
      limit.release(execution, execution.lingered)
    })
  }
}

describe('any sequence of switching limits on, off and over while attempts run', () => {
  it('loses no permit, gives none back twice, and ends with nothing in flight', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60, size: 'max' }), async (steps) => {
        const first: SharedPolicyOptions = { bulkhead: { maxConcurrent: 2, maxQueue: 3 } }
        let policies = makeDependencyPolicies(first)
        const kept = new KeptPolicies(policies, first, () => {})
        const attempts = new Attempts()
        for (const one of steps) {
          if (one.do === 'arrive') void attempts.start(policies)
          else if (one.do === 'update') policies = kept.by(one.options)
          else attempts.running.splice(one.pick % Math.max(1, attempts.running.length), 1)[0]?.()
          await flush()
          const { inFlight, queued } = kept.permits(policies)
          expect([inFlight, queued]).toEqual([attempts.limited, attempts.waiting])
        }
        while (attempts.running.length > 0) {
          attempts.running.shift()?.()
          await flush()
        }
        expect(kept.permits(policies)).toMatchObject({ inFlight: 0, queued: 0 })
      }),
      { numRuns: 150 },
    )
  })
})
