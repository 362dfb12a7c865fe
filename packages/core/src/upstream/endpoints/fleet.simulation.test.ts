import { describe, expect, it } from 'vitest'
import { exponential, type FleetOptions, type Replica, simulateFleet } from '../../../test/fixtures/fleet.js'
import { seededRandom } from '../../testing.js'

const healthy: Replica = { serviceMs: exponential(10) }
const fleet: Omit<FleetOptions, 'random'> = {
  replicas: 10,
  clients: 4,
  rate: 600,
  warmUpMs: 60_000,
  measuredMs: 60_000,
  attempts: 1,
  replica: () => healthy,
}
const withFirst = (first: Replica): FleetOptions['replica'] => {
  return (index, isWarm) => (index === 0 && isWarm ? first : healthy)
}

describe.each([1, 2])('ten replicas at 0.6 of their capacity, seed %i', (seed) => {
  it('spreads calls evenly while all are well', () => {
    const { shares } = simulateFleet({ ...fleet, random: seededRandom(seed) })
    expect(Math.max(...shares)).toBeLessThan(0.12)
    expect(Math.min(...shares)).toBeGreaterThan(0.08)
  })

  it.each(['powerOfTwo', 'roundRobin'] as const)('%s avoids one that fails at once', (algorithm) => {
    const replica = withFirst({ serviceMs: () => -1 })
    const alone = simulateFleet({ ...fleet, random: seededRandom(seed), replica, balancing: { algorithm } })
    const retried = simulateFleet({
      ...fleet,
      random: seededRandom(seed),
      replica,
      balancing: { algorithm },
      attempts: 3,
    })
    expect(alone.successRatio).toBeGreaterThanOrEqual(0.999)
    expect(retried.successRatio).toBe(1)
  })

  it('goes on using all when all fail half of the time', () => {
    const half: Replica = { serviceMs: (random) => (random() < 0.5 ? -1 : healthy.serviceMs(random)) }
    const { successRatio, shares } = simulateFleet({
      ...fleet,
      random: seededRandom(seed),
      replica: () => half,
    })
    expect(successRatio).toBeGreaterThan(0.48)
    expect(Math.max(...shares)).toBeLessThan(0.25)
  })
})

it('sends next to nothing to one that is ten times slower, which costs the 99th percentile a fifth at most', () => {
  const slow = withFirst({ serviceMs: exponential(100) })
  // One run's percentile is off by a twentieth by chance.
  const ratios = [1, 2, 3].map((seed) => {
    const result = simulateFleet({ ...fleet, random: seededRandom(seed), replica: slow })
    expect(result.shares[0]).toBeLessThanOrEqual(0.01)
    return result.p99Ms / simulateFleet({ ...fleet, random: seededRandom(seed) }).p99Ms
  })
  expect(ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length).toBeLessThanOrEqual(1.2)
})
