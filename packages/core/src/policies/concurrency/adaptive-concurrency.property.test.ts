import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { compose } from '../kernel/compose.js'
import { timeout } from '../timeout/timeout.js'
import { adaptiveConcurrency } from './adaptive-concurrency.js'
import type { AdaptiveConcurrency } from './adaptive-concurrency-interface.js'
import type { LimitVerdict } from './limit-verdict.js'

type Step =
  | { readonly do: 'arrive' | 'wait' | 'abort'; readonly pick: number }
  | { readonly do: 'end'; readonly pick: number; readonly verdict: LimitVerdict }

interface Run {
  readonly limit: AdaptiveConcurrency
  readonly ends: ((verdict: LimitVerdict) => void)[]
  readonly aborts: AbortController[]
  arrived: number
  settled: number
  started: number
  ended: number
}

class Failed extends Error {
  readonly verdict: LimitVerdict
  constructor(verdict: LimitVerdict) {
    super(verdict)
    this.verdict = verdict
  }
}

const bounds = { minLimit: 2, maxLimit: 12 }

function start(): Run {
  const limit = adaptiveConcurrency({
    ...bounds,
    initialLimit: 4,
    maxQueue: 5,
    classify: (error) => (error instanceof Failed ? error.verdict : 'neutral'),
  })
  return { limit, ends: [], aborts: [], arrived: 0, settled: 0, started: 0, ended: 0 }
}

function arrive(run: Run): void {
  const controller = new AbortController()
  run.aborts.push(controller)
  run.arrived++
  const work = (): Promise<void> => {
    // A permit that was there when the call was admitted must not be one too many.
    expect(run.limit.inFlight).toBeLessThanOrEqual(Math.max(run.limit.limit, run.started - run.ended + 1))
    run.started++
    return new Promise((resolve, reject) => {
      run.ends.push((verdict) => {
        run.ended++
        if (verdict === 'success') resolve()
        else reject(new Failed(verdict))
      })
    })
  }
  const settle = (): void => {
    run.settled++
  }
  void compose(timeout({ timeoutMs: 2_000 }), run.limit)
    .execute(work, { signal: controller.signal })
    .then(settle, settle)
}

async function take(run: Run, step: Step): Promise<void> {
  if (step.do === 'arrive') arrive(run)
  else if (step.do === 'abort') run.aborts[step.pick % Math.max(1, run.aborts.length)]?.abort()
  else if (step.do === 'end') run.ends.splice(step.pick % Math.max(1, run.ends.length), 1)[0]?.(step.verdict)
  await vi.advanceTimersByTimeAsync(step.do === 'wait' ? step.pick : 0)
}

/** What holds at every moment. */
function check(run: Run, before: number): void {
  const { limit, inFlight, queued } = run.limit
  expect(limit).toBeGreaterThanOrEqual(bounds.minLimit)
  expect(limit).toBeLessThanOrEqual(bounds.maxLimit)
  expect(inFlight).toBe(run.started - run.ended)
  // A cut takes no permit away that is in use, and gives out no new ones.
  expect(inFlight).toBeLessThanOrEqual(Math.max(limit, before))
  expect(queued).toBeGreaterThanOrEqual(0)
  expect(queued).toBeLessThanOrEqual(5)
  if (queued > 0) expect(inFlight).toBeGreaterThanOrEqual(limit)
}

const pick = fc.nat(1_200)
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('arrive' as const), pick }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('end' as const),
      pick,
      verdict: fc.constantFrom<LimitVerdict>('success', 'success', 'overload', 'overload', 'neutral'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('abort' as const, 'wait' as const), pick }) },
)

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

describe('any sequence of arrivals, outcomes, aborts and waits', () => {
  it('keeps permits within the limit, the limit within its bounds, and settles everybody', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 120 }), async (steps) => {
        const run = start()
        for (const one of steps) {
          const before = run.limit.inFlight
          await take(run, one)
          check(run, before)
        }
        while (run.ends.length > 0 || run.limit.queued > 0) {
          for (const end of run.ends.splice(0)) end('success')
          await vi.advanceTimersByTimeAsync(1)
        }
        await vi.advanceTimersByTimeAsync(0)
        expect(run.settled).toBe(run.arrived)
        expect([run.limit.inFlight, run.limit.queued, vi.getTimerCount()]).toEqual([0, 0, 0])
      }),
      { numRuns: 150 },
    )
  })
})
