import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { adaptiveConcurrency } from './concurrency/adaptive-concurrency.js'
import { bulkhead } from './concurrency/bulkhead.js'
import { Execution } from './kernel/execution.js'

const flush = (): Promise<void> => new Promise(setImmediate)

type Step =
  | { readonly do: 'arrive' }
  | { readonly do: 'end'; readonly pick: number }
  | { readonly do: 'abort'; readonly pick: number }
  | { readonly do: 'update'; readonly permits: number; readonly shadow: boolean }

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.constant<Step>({ do: 'arrive' }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('end' as const), pick: fc.nat(20) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('abort' as const), pick: fc.nat(20) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('update' as const),
      permits: fc.integer({ min: 1, max: 5 }),
      shadow: fc.boolean(),
    }),
  },
)

interface Limited {
  readonly inFlight: number
  readonly queued: number
  tryAcquire(): boolean
  acquire(execution: Execution): Promise<void>
  release(execution: Execution, mark: number): void
}

interface Changeable {
  readonly limit: Limited
  change(permits: number, shadow: boolean): void
}

const limits: readonly (readonly [string, () => Changeable])[] = [
  [
    'a bulkhead',
    () => {
      const limit = bulkhead({ maxConcurrent: 2, maxQueue: 5 })
      const change = (maxConcurrent: number, shadow: boolean) => limit.update({ maxConcurrent, shadow })
      return { limit, change }
    },
  ],
  [
    'an adaptive limit',
    () => {
      const limit = adaptiveConcurrency({ minLimit: 2, maxLimit: 2, maxQueue: 5, shedAfterMs: 60_000 })
      const change = (permits: number, shadow: boolean) =>
        limit.update({ minLimit: permits, maxLimit: permits, initialLimit: permits, shadow })
      return { limit, change }
    },
  ],
]

/** Calls by what has become of them. */
class Calls {
  readonly holding: Execution[] = []
  waiting: Execution[] = []

  start(limit: Limited): void {
    const execution = Execution.start(() => {})
    if (limit.tryAcquire()) {
      this.holding.push(execution)
      return
    }
    this.waiting.push(execution)
    const settled = () => {
      this.waiting = this.waiting.filter((one) => one !== execution)
    }
    limit.acquire(execution).then(
      () => {
        settled()
        this.holding.push(execution)
      },
      () => settled(),
    )
  }

  end(limit: Limited, pick: number): void {
    const [execution] = this.holding.splice(pick % Math.max(1, this.holding.length), 1)
    if (execution !== undefined) limit.release(execution, execution.lingered)
  }
}

describe.each(limits)('any sequence of updates, arrivals, ends and aborts of %s', (_, make) => {
  it('loses no permit, gives none twice, and holds to the limit as it is now', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60, size: 'max' }), async (steps) => {
        const { limit, change } = make()
        const calls = new Calls()
        let permits = 2
        let shadow = false
        for (const one of steps) {
          const heldBefore = limit.inFlight
          if (one.do === 'arrive') calls.start(limit)
          else if (one.do === 'end') calls.end(limit, one.pick)
          else if (one.do === 'abort')
            calls.waiting[one.pick % Math.max(1, calls.waiting.length)]?.abort(new Error('gone'))
          else if (one.do === 'update') {
            change(one.permits, one.shadow)
            ;({ permits, shadow } = one)
          }
          await flush()
          expect(limit.inFlight).toBe(calls.holding.length)
          expect(limit.queued).toBe(calls.waiting.length)
          if (shadow) expect(limit.queued).toBe(0)
          else {
            expect(limit.inFlight).toBeLessThanOrEqual(Math.max(permits, heldBefore))
            if (one.do === 'end' && heldBefore > permits) expect(limit.inFlight).toBe(heldBefore - 1)
            if (limit.queued > 0) expect(limit.inFlight).toBeGreaterThanOrEqual(permits)
          }
        }
        while (calls.holding.length > 0) {
          calls.end(limit, 0)
          await flush()
        }
        expect([limit.inFlight, limit.queued]).toEqual([0, 0])
      }),
      { numRuns: 150 },
    )
  })
})
