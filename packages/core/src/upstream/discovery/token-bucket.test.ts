import fc from 'fast-check'
import { expect, it } from 'vitest'
import { TokenBucket } from './token-bucket.js'

it('lets a few through at once, then one in each interval', () => {
  const bucket = new TokenBucket(2, 1_000)
  expect([0, 0, 0, 0].map((now) => bucket.take(now))).toEqual([0, 0, 1_000, 2_000])
  expect(bucket.take(10_000)).toBe(0)
})

it('never lets through more than the burst and one in each interval', () => {
  const pauses = fc.array(fc.nat(3_000), { minLength: 1, maxLength: 100 })
  fc.assert(
    fc.property(pauses, fc.integer({ min: 1, max: 6 }), (waits, burst) => {
      const bucket = new TokenBucket(burst, 1_000)
      let now = 0
      for (const [count, wait] of waits.entries()) {
        now += wait
        now += bucket.take(now)
        expect(count + 1).toBeLessThanOrEqual(burst + now / 1_000 + 1e-6)
      }
    }),
  )
})
