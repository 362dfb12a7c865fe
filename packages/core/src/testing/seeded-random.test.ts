import fc from 'fast-check'
import { expect, it } from 'vitest'
import { seededRandom } from './seeded-random.js'

const draw = (seed: number | string, count: number) => {
  const random = seededRandom(seed)
  return Array.from({ length: count }, random)
}

it('draws the same for the same seed, within [0, 1)', () => {
  fc.assert(
    fc.property(fc.oneof(fc.integer(), fc.string()), (seed) => {
      const drawn = draw(seed, 20)
      expect(draw(seed, 20)).toEqual(drawn)
      expect(drawn.every((one) => one >= 0 && one < 1)).toBe(true)
    }),
  )
})

it('stays as it is: recorded runs depend on it', () => {
  expect(draw(42, 3).map((one) => Math.round(one * 1e6))).toMatchInlineSnapshot(`
    [
      113563,
      192397,
      551457,
    ]
  `)
})

it('draws evenly, also the first number of seeds that differ in one character', () => {
  const firsts = Array.from({ length: 20_000 }, (_, turn) => draw(`7|errors|GET /|${turn}`, 1)[0] ?? 0)
  for (let tenth = 0; tenth < 10; tenth++) {
    const share = firsts.filter((one) => Math.floor(one * 10) === tenth).length / firsts.length
    expect(share).toBeGreaterThan(0.09)
    expect(share).toBeLessThan(0.11)
  }
})
