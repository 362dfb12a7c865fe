import type { LatencyHistogram } from './latency-histogram.js'

/** What has been seen of one version in the time that is judged. */
export interface VersionSample {
  readonly calls: number
  readonly failed: number
  /** Of the calls that succeeded: how fast a version fails says nothing for it. */
  readonly latencies: LatencyHistogram
}

/** How much worse than its baseline a canary may be. */
export interface CanaryLimits {
  readonly minSamples: number
  readonly maxErrorRateIncrease: number
  readonly maxLatencyRatio: number | false
  readonly latencyQuantile: number
  readonly minLatencyIncreaseMs: number
}

/**
 * `bad`: worse than allowed beyond reasonable doubt. `worse`: it looks like it, or there are too few calls to say; neither
 * goes on. `good`: no worse than allowed, as far as enough calls can tell.
 */
export type CanaryVerdict =
  | { readonly kind: 'bad'; readonly reason: 'error rate' | 'latency' }
  | { readonly kind: 'worse'; readonly reason: 'error rate' | 'latency' }
  | { readonly kind: 'few' }
  | { readonly kind: 'good' }

/**
 * Standard deviations of doubt that a rollback must overcome. They are many because there are many looks, and more for
 * errors, of which a canary of few calls has one or none: simulated, see the decision record.
 */
const errorSigmas = 4
const latencySigmas = 3
/** Fewer calls of the canary than this never roll it back. */
const minClearSamples = 10

const good: CanaryVerdict = Object.freeze({ kind: 'good' })
const few: CanaryVerdict = Object.freeze({ kind: 'few' })

/** Compares a canary with its baseline over the same time. */
export function judgeCanary(
  canary: VersionSample,
  baseline: VersionSample,
  limits: CanaryLimits,
): CanaryVerdict {
  const { minSamples } = limits
  if (canary.calls >= Math.min(minClearSamples, minSamples) && baseline.calls > 0) {
    if (hasMoreErrors(canary, baseline, limits)) return { kind: 'bad', reason: 'error rate' }
    if (isSlower(canary, baseline, limits)) return { kind: 'bad', reason: 'latency' }
  }
  if (canary.calls < minSamples || baseline.calls < minSamples) return few
  const increase = canary.failed / canary.calls - baseline.failed / baseline.calls
  if (increase > limits.maxErrorRateIncrease) return { kind: 'worse', reason: 'error rate' }
  const { latencyQuantile } = limits
  const latencyMs = canary.latencies.quantile(latencyQuantile) ?? 0
  if (latencyMs > latencyLimit(baseline, limits)) return { kind: 'worse', reason: 'latency' }
  return good
}

/**
 * Whether the whole interval of the difference lies above what is allowed: Newcombe's hybrid score interval, which holds
 * for small numbers and for none or all failed.
 *
 * Newcombe, "Interval estimation for the difference between independent proportions", Statistics in Medicine 17, 1998,
 * method 10.
 */
function hasMoreErrors(
  canary: VersionSample,
  baseline: VersionSample,
  { maxErrorRateIncrease }: CanaryLimits,
): boolean {
  const ofCanary = canary.failed / canary.calls
  const ofBaseline = baseline.failed / baseline.calls
  const increase = ofCanary - ofBaseline
  if (increase <= maxErrorRateIncrease) return false
  const below = ofCanary - scoreLimit(canary.failed, canary.calls, -errorSigmas)
  const above = scoreLimit(baseline.failed, baseline.calls, errorSigmas) - ofBaseline
  return increase - Math.hypot(below, above) > maxErrorRateIncrease
}

/** Whether certainly more of the canary's calls than the quantile leaves over are above what the baseline allows. */
function isSlower(canary: VersionSample, baseline: VersionSample, limits: CanaryLimits): boolean {
  const { latencyQuantile, minSamples } = limits
  const { latencies } = canary
  // The quantile of a few calls is chance, and both limits hang on it.
  if (latencies.count === 0 || baseline.latencies.count < minSamples) return false
  const slow = latencies.countAbove(latencyLimit(baseline, limits))
  return scoreLimit(slow, latencies.count, -latencySigmas) > 1 - latencyQuantile
}

/** The latency that the canary's quantile may have, in milliseconds. */
function latencyLimit({ latencies }: VersionSample, limits: CanaryLimits): number {
  const { latencyQuantile, maxLatencyRatio, minLatencyIncreaseMs } = limits
  const ms = latencies.quantile(latencyQuantile)
  if (maxLatencyRatio === false || ms === undefined) return Number.POSITIVE_INFINITY
  return Math.max(ms * maxLatencyRatio, ms + minLatencyIncreaseMs)
}

/** A limit of Wilson's score interval of a share, the lower one for a negative `z`. (Wilson, JASA 22, 1927.) */
function scoreLimit(part: number, whole: number, z: number): number {
  const share = part / whole
  const square = (z * z) / whole
  const spread = z * Math.sqrt((share * (1 - share)) / whole + square / (4 * whole))
  return (share + square / 2 + spread) / (1 + square)
}
