import fc from 'fast-check'
import { expect, it } from 'vitest'
import { LatencyQuantile } from './latency-quantile.js'

it('says nothing until it has seen enough', () => {
  const latency = new LatencyQuantile(0.5, 3)
  for (const ms of [5, 1]) latency.record(ms)
  expect(latency.value).toBeUndefined()
  latency.record(3)
  expect(latency.value).toBe(3)
})

it('forgets what lies 512 samples back', () => {
  const latency = new LatencyQuantile(0.9, 1)
  for (let index = 0; index < 512; index++) latency.record(1000)
  expect(latency.value).toBe(1000)
  for (let index = 0; index < 512; index++) latency.record(1)
  expect(latency.value).toBe(1)
})

it('sorts by number, and once in 32 samples', () => {
  const latency = new LatencyQuantile(1, 1)
  for (const ms of [10, 9, 100]) latency.record(ms)
  expect(latency.value).toBe(100)
  for (let index = 0; index < 31; index++) latency.record(200)
  expect(latency.value).toBe(100)
  latency.record(200)
  expect(latency.value).toBe(200)
})

it('is the nearest rank of the last samples', () => {
  const samples = fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 1200 })
  fc.assert(
    fc.property(samples, fc.double({ min: 0.5, max: 0.9999, noNaN: true }), (latencies, quantile) => {
      const latency = new LatencyQuantile(quantile, 1)
      for (const ms of latencies) latency.record(ms)
      const sorted = latencies.slice(-512).sort((a, b) => a - b)
      const value = latency.value ?? Number.NaN
      const atMost = sorted.filter((ms) => ms <= value).length
      const below = sorted.filter((ms) => ms < value).length
      expect(atMost / sorted.length).toBeGreaterThanOrEqual(quantile)
      expect(below / sorted.length).toBeLessThan(quantile)
    }),
  )
})
