import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { chaos } from './chaos.js'
import type { ChaosOptions } from './options.js'

const seeds = fc.oneof(fc.integer(), fc.string())
const rates = fc.double({ min: 0, max: 1, noNaN: true })
const calls = 200

const faults = fc.record({
  errors: fc.constantFrom<NonNullable<ChaosOptions<number>['errors']>>(
    'reset',
    [503, 'timeout'],
    ['connection', 'reset', 429],
  ),
  errorRatio: rates,
  latency: fc.constantFrom<NonNullable<ChaosOptions<number>['latency']>>(
    5,
    { minMs: 1, maxMs: 100 },
    (call) => call % 7,
  ),
})

function fates(options: ChaosOptions<number>): unknown[] {
  const policy = chaos<number>(options)
  return Array.from({ length: calls }, (_, call) => {
    const drawn = policy.draw(call)
    return drawn === undefined ? undefined : [drawn.kind, drawn.latencyMs, drawn.answer?.status]
  })
}

const chosen = (options: ChaosOptions<number>): number[] =>
  fates(options).flatMap((fate, call) => (fate === undefined ? [] : [call]))

describe('the fates of calls', () => {
  it('are the same for the same seed', () => {
    fc.assert(
      fc.property(seeds, rates, faults, (seed, rate, given) => {
        expect(fates({ ...given, seed, rate })).toEqual(fates({ ...given, seed, rate }))
      }),
    )
  })

  it('are others for another seed', () => {
    const reset = { errors: 'reset', rate: 0.5 } as const
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        expect(chosen({ ...reset, seed })).not.toEqual(chosen({ ...reset, seed: seed + 1 }))
      }),
    )
  })

  it('befall more calls at a higher rate, and those of the lower one among them, whatever the faults', () => {
    fc.assert(
      fc.property(seeds, rates, rates, faults, (seed, one, other, given) => {
        const fewer = chosen({ latency: 1, seed, rate: Math.min(one, other) })
        const more = chosen({ errors: given.errors, latency: 1, seed, rate: Math.max(one, other) })
        expect(more).toEqual(expect.arrayContaining(fewer))
      }),
    )
  })

  it('befall the share that is asked for', () => {
    fc.assert(
      fc.property(seeds, rates, (seed, rate) => {
        const policy = chaos<number>({ latency: 1, rate, seed })
        let count = 0
        for (let call = 0; call < 2_000; call++) if (policy.draw(call) !== undefined) count++
        // Five standard deviations at most.
        expect(Math.abs(count - 2_000 * rate)).toBeLessThanOrEqual(5 * Math.sqrt(2_000 * 0.25))
        if (rate === 0) expect(count).toBe(0)
        if (rate === 1) expect(count).toBe(2_000)
      }),
    )
  })

  it('keep latency within its range', () => {
    fc.assert(
      fc.property(
        seeds,
        fc.integer({ min: 0, max: 50 }),
        fc.integer({ min: 51, max: 100 }),
        (seed, minMs, maxMs) => {
          const policy = chaos<number>({ latency: { minMs, maxMs }, seed })
          const drawn = Array.from({ length: calls }, (_, call) => policy.draw(call)?.latencyMs ?? 0)
          expect(Math.min(...drawn)).toBeGreaterThanOrEqual(minMs)
          expect(Math.max(...drawn)).toBeLessThan(maxMs)
        },
      ),
    )
  })
})
