import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../policies/index.js'
import { trafficSplit } from './traffic-split.js'

const names = ['blue', 'green', 'red', 'grey'] as const
const weight = fc.oneof(
  fc.constant(0),
  fc.integer({ min: 1, max: 100 }),
  fc.double({ min: 0.1, max: 9, noNaN: true }),
)
const weights = fc
  .tuple(weight, weight, weight, weight)
  .map((all) => Object.fromEntries(names.map((name, index) => [name, all[index] as number])))
  .filter((all) => Object.values(all).some((one) => one > 0)) as fc.Arbitrary<Record<string, number>>
const keys = Array.from({ length: 400 }, (_, index) => `customer-${index}`)

const shareOf = (all: Record<string, number>, name: string): number =>
  (all[name] ?? 0) / Object.values(all).reduce((sum, one) => sum + one, 0)

/** Five standard deviations of a share that is counted in so many draws. */
const doubt = (share: number, draws: number): number => 5 * Math.sqrt((share * (1 - share)) / draws) + 1e-9

describe('the weights of a split', () => {
  it('are respected by chance and by key', () => {
    fc.assert(
      fc.property(weights, fc.integer(), (all, seed) => {
        const draws = 4_000
        const split = trafficSplit({ weights: all, random: seededRandom(seed) })
        for (let draw = 0; draw < draws; draw++)
          split.choose(draw % 2 === 0 ? undefined : { key: `${seed}.${draw}` })
        for (const name of names) {
          const share = shareOf(all, name)
          const got = (split.stats().versions[name]?.decided ?? 0) / draws
          expect(Math.abs(got - share)).toBeLessThanOrEqual(doubt(share, draws))
        }
      }),
      { numRuns: 50 },
    )
  })

  it('keep each key where it is', () => {
    fc.assert(
      fc.property(weights, fc.string(), (all, key) => {
        const one = trafficSplit({ weights: all, random: () => 0 })
        const other = trafficSplit({
          weights: Object.fromEntries(Object.entries(all).reverse()),
          random: () => 0.9,
        })
        expect(one.choose({ key: `k${key}` })).toBe(other.choose({ key: `k${key}` }))
      }),
    )
  })

  it('take no key from a version whose share has grown', () => {
    fc.assert(
      fc.property(weights, weights, (before, after) => {
        const split = trafficSplit({ weights: before })
        const places = keys.map((key) => split.choose({ key }))
        split.setWeights(after)
        // Grown against every other one, not only against the sum.
        const growth = (name: string) => (after[name] ?? 0) / (before[name] ?? 0)
        keys.forEach((key, index) => {
          const from = places[index] as string
          const to = split.choose({ key })
          if (from !== to && growth(from) > 0) expect(growth(to)).toBeGreaterThan(growth(from) * (1 - 1e-12))
        })
      }),
    )
  })

  it('never send a key that a canary has got back while it rises', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 0, max: 100 }), { minLength: 2, maxLength: 6 }),
        (percents) => {
          const split = trafficSplit({ weights: { stable: 100, canary: 0 } })
          let taken = new Set<string>()
          for (const percent of percents.sort((a, b) => a - b)) {
            split.setWeights({ stable: 100 - percent, canary: percent })
            const now = new Set(keys.filter((key) => split.choose({ key }) === 'canary'))
            expect([...taken].filter((key) => !now.has(key))).toEqual([])
            taken = now
          }
        },
      ),
    )
  })

  it('spread keys of rules by their percentage, without a word to the weights', () => {
    const rules = [{ path: '/v2/*', version: 'canary', percent: 50 } as const]
    const split = trafficSplit({ weights: { stable: 90, canary: 10 }, rules })
    const decisions = Array.from({ length: 20_000 }, (_, index) =>
      split.decide({ path: '/v2/a', key: `${index}` }),
    )
    const ruled = decisions.filter(({ rule }) => rule === 0)
    const weighted = decisions.filter(({ rule }) => rule === undefined)
    expect(Math.abs(ruled.length / 20_000 - 0.5)).toBeLessThan(doubt(0.5, 20_000))
    const share = weighted.filter(({ version }) => version === 'canary').length / weighted.length
    expect(Math.abs(share - 0.1)).toBeLessThan(doubt(0.1, weighted.length))
  })
})
