import { describe, expect, it } from 'vitest'
import { type CanaryLimits, judgeCanary, type VersionSample } from './canary-judge.js'
import { LatencyHistogram } from './latency-histogram.js'

const limits: CanaryLimits = {
  minSamples: 100,
  maxErrorRateIncrease: 0.01,
  maxLatencyRatio: 1.5,
  latencyQuantile: 0.95,
  minLatencyIncreaseMs: 10,
}

/** Calls that took 1, 2, 3 ... 100 % of `slowestMs`, over and over. */
function sample(calls: number, failed: number, slowestMs = 100): VersionSample {
  const latencies = new LatencyHistogram()
  for (let call = 0; call < calls - failed; call++) latencies.record(((call % 100) + 1) * (slowestMs / 100))
  return { calls, failed, latencies }
}

const judge = (canary: VersionSample, baseline: VersionSample, change: Partial<CanaryLimits> = {}) =>
  judgeCanary(canary, baseline, { ...limits, ...change })

describe('a canary is judged', () => {
  it.each<[string, VersionSample, VersionSample, object]>([
    ['good when it is the same', sample(200, 2), sample(1_000, 10), { kind: 'good' }],
    ['by too few calls of its own', sample(99, 0), sample(1_000, 0), { kind: 'few' }],
    ['by too few calls of the baseline', sample(200, 0), sample(99, 0), { kind: 'few' }],
    [
      'bad when everything fails, however few',
      sample(10, 10),
      sample(100, 0),
      { kind: 'bad', reason: 'error rate' },
    ],
    ['not by a handful of calls', sample(9, 9), sample(100, 0), { kind: 'few' }],
    ['not against nothing', sample(500, 500), sample(0, 0), { kind: 'few' }],
    ['not against next to nothing', sample(50, 25), sample(2, 0), { kind: 'few' }],
    [
      'bad when it clearly fails more',
      sample(300, 30),
      sample(3_000, 3),
      { kind: 'bad', reason: 'error rate' },
    ],
    [
      'worse when that may be chance',
      sample(100, 3),
      sample(1_000, 0),
      { kind: 'worse', reason: 'error rate' },
    ],
    ['good when both fail', sample(300, 150), sample(3_000, 1_500), { kind: 'good' }],
    ['good when only the baseline fails', sample(300, 0), sample(3_000, 1_500), { kind: 'good' }],
    [
      'bad when it is clearly slower',
      sample(300, 0, 300),
      sample(3_000, 0),
      { kind: 'bad', reason: 'latency' },
    ],
    ['good when it is somewhat slower', sample(300, 0, 130), sample(3_000, 0), { kind: 'good' }],
    ['good when it is faster', sample(300, 0, 10), sample(3_000, 0), { kind: 'good' }],
    [
      'good when it is slower by nothing that counts',
      sample(300, 0, 9),
      sample(3_000, 0, 1),
      { kind: 'good' },
    ],
  ])('%s', (_, canary, baseline, verdict) => {
    expect(judge(canary, baseline)).toEqual(verdict)
  })

  it('by its own limits', () => {
    expect(judge(sample(300, 30), sample(3_000, 3), { maxErrorRateIncrease: 0.2 })).toEqual({ kind: 'good' })
    expect(judge(sample(300, 0, 300), sample(3_000, 0), { maxLatencyRatio: 4 })).toEqual({ kind: 'good' })
    expect(judge(sample(300, 0, 300), sample(3_000, 0), { maxLatencyRatio: false })).toEqual({ kind: 'good' })
    expect(judge(sample(20, 0), sample(20, 0), { minSamples: 20 })).toEqual({ kind: 'good' })
  })

  it('slow by a tail only when the tail is clearly thicker', () => {
    const tailed = (slow: number) => {
      const { latencies } = sample(300 - slow, 0)
      for (let call = 0; call < slow; call++) latencies.record(5_000)
      return { calls: 300, failed: 0, latencies }
    }
    expect(judge(tailed(3), sample(3_000, 0))).toEqual({ kind: 'good' })
    expect(judge(tailed(20), sample(3_000, 0))).toEqual({ kind: 'worse', reason: 'latency' })
    expect(judge(tailed(60), sample(3_000, 0))).toEqual({ kind: 'bad', reason: 'latency' })
  })
})

describe('a histogram of latencies', () => {
  it('is right to 9 %', () => {
    const histogram = new LatencyHistogram()
    for (let ms = 1; ms <= 1_000; ms++) histogram.record(ms)
    for (const share of [0.01, 0.5, 0.95, 1]) {
      const found = histogram.quantile(share) ?? 0
      expect(found).toBeGreaterThanOrEqual(share * 1_000)
      expect(found).toBeLessThanOrEqual(share * 1_000 * 1.091)
    }
    const above = histogram.countAbove(500)
    expect(above).toBeLessThanOrEqual(500)
    expect(above).toBeGreaterThan(450)
  })

  it('takes whatever it is given', () => {
    const histogram = new LatencyHistogram()
    for (const ms of [0, 1e-9, 1e12, Number.POSITIVE_INFINITY]) histogram.record(ms)
    expect(histogram.count).toBe(4)
    expect(histogram.quantile(0)).toBeLessThan(0.1)
    expect(new LatencyHistogram().quantile(0.5)).toBeUndefined()
  })
})
