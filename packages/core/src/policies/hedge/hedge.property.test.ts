import fc from 'fast-check'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { Execution, type ExecutionContext } from '../kernel/execution.js'
import { runWork } from '../kernel/run-work.js'
import { hedge } from './hedge.js'

const delayMs = 50
const leg = fc.record({ ms: fc.integer({ min: 1, max: 200 }), succeeds: fc.boolean() })
const call = fc.record({ first: leg, second: leg, abortAt: fc.option(fc.integer({ min: 1, max: 200 })) })
type Call = typeof call extends fc.Arbitrary<infer Value> ? Value : never

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

/** What a hedged call comes to by its definition; `undefined` for a tie, which either may win. */
function expected({ first, second, abortAt }: Call): { outcome: string; at: number } | undefined {
  const hedged = first.ms > delayMs
  const ends = [
    { name: 'first', at: first.ms, succeeds: first.succeeds },
    ...(hedged ? [{ name: 'second', at: delayMs + second.ms, succeeds: second.succeeds }] : []),
  ].sort((a, b) => a.at - b.at)
  const winner = ends.find(({ succeeds }) => succeeds)
  const last = ends[ends.length - 1]
  const end = winner ?? { name: 'failure of first', at: last?.at ?? 0 }
  const times = [first.ms, delayMs, delayMs + second.ms, abortAt]
  if (new Set(times).size < times.length) return undefined
  if (abortAt !== null && abortAt < end.at) return { outcome: 'abort', at: abortAt }
  return { outcome: end.name, at: end.at }
}

it('settles once, with the right outcome, at the right time, and leaves nothing behind', async () => {
  await fc.assert(
    fc.asyncProperty(call, async (plan) => {
      const policy = hedge({ delayMs, maxRatio: 1 })
      const running = new Set<ExecutionContext>()
      const execution = Execution.start(async (context) => {
        const { ms, succeeds } = context.hedged ? plan.second : plan.first
        const name = context.hedged ? 'second' : 'first'
        running.add(context)
        await new Promise((resolve) => setTimeout(resolve, ms))
        running.delete(context)
        if (!succeeds) throw new Error(`failure of ${name}`)
        return name
      })
      const startedAt = performance.now()
      let result: { outcome: unknown; at: number } | undefined
      const settle = (outcome: unknown) => {
        expect(result).toBeUndefined()
        result = { outcome, at: performance.now() - startedAt }
        for (const context of running) expect(context.signal.aborted).toBe(true)
      }
      policy
        .link(runWork)(execution)
        .then(settle, (error: Error) => settle(error.message))
      if (plan.abortAt !== null) setTimeout(() => execution.abort(new Error('abort')), plan.abortAt)
      await vi.advanceTimersByTimeAsync(500)
      expect(vi.getTimerCount()).toBe(0)
      expect(result).toBeDefined()
      const right = expected(plan)
      if (right !== undefined) expect(result).toEqual(right)
    }),
    { numRuns: 300 },
  )
})

it('never hedges more than its share', async () => {
  const slow = fc.array(fc.boolean(), { minLength: 1, maxLength: 60 })
  await fc.assert(
    fc.asyncProperty(slow, fc.double({ min: 0.01, max: 1, noNaN: true }), async (calls, maxRatio) => {
      const policy = hedge({ delayMs, maxRatio })
      let hedges = 0
      policy.on('hedge', () => hedges++)
      for (const [index, isSlow] of calls.entries()) {
        const pending = policy.execute(() => new Promise((resolve) => setTimeout(resolve, isSlow ? 60 : 10)))
        await vi.advanceTimersByTimeAsync(60)
        await pending
        expect(hedges).toBeLessThanOrEqual(1 + maxRatio * (index + 1) + 1e-6)
      }
    }),
    { numRuns: 50 },
  )
})
