import { type OptionCheck, show } from '../../foundation/config/index.js'
import type { CanaryLimits } from './canary-judge.js'
import type { Weights } from './weight-table.js'

/** How a canary is led to all of the calls, and what rolls it back. */
export interface CanaryOptions<Version extends string = string> {
  /**
   * The percent of the calls that it gets, one step after the other. They rise and end with 100.
   * @default [5, 50, 100]
   */
  readonly steps?: readonly number[]
  /**
   * How long a step takes at least, in milliseconds: longer than calls may take, because only what has settled counts.
   * @default 60000
   */
  readonly stepMs?: number
  /**
   * How often it is judged, in milliseconds.
   * @default 1000
   */
  readonly intervalMs?: number
  /**
   * Calls of a step that must have settled before it is passed, on each side. A step lasts until there are as many.
   * @default 100
   */
  readonly minSamples?: number
  /**
   * How much higher than the baseline's its share of failures may be, from 0 to 1.
   * @default 0.01
   */
  readonly maxErrorRateIncrease?: number
  /**
   * How many times the baseline's latency its own may be; `false` for any.
   * @default 1.5
   */
  readonly maxLatencyRatio?: number | false
  /**
   * The quantile at which latencies are compared.
   * @default 0.95
   */
  readonly latencyQuantile?: number
  /**
   * Latency that is higher by less than this never counts, in milliseconds, whatever the ratio.
   * @default 10
   */
  readonly minLatencyIncreaseMs?: number
  /**
   * For so long after each step begins its latency does not count, in milliseconds: connections and caches are cold.
   * Failures count at once.
   * @default 0
   */
  readonly warmUpMs?: number
  /**
   * The version that it is compared with.
   * @default the one of the others with the most weight
   */
  readonly baseline?: Version
}

/** The options of a canary, filled in. */
export interface ResolvedCanary extends CanaryLimits {
  readonly version: string
  readonly baseline: string
  readonly steps: readonly number[]
  readonly stepMs: number
  readonly intervalMs: number
  readonly warmUpMs: number
}

const canaryDefaults = Object.freeze({
  steps: Object.freeze([5, 50, 100]),
  stepMs: 60_000,
  intervalMs: 1_000,
  minSamples: 100,
  maxErrorRateIncrease: 0.01,
  maxLatencyRatio: 1.5,
  latencyQuantile: 0.95,
  minLatencyIncreaseMs: 10,
  warmUpMs: 0,
})

const optionNames = [...Object.keys(canaryDefaults), 'baseline']

/** Checks the options of a canary of `version` and fills them in; `check` may have more to complain about. */
export function resolveCanary(
  check: OptionCheck,
  version: string,
  options: CanaryOptions,
  weights: Weights,
): ResolvedCanary {
  const isKnown = Object.hasOwn(weights, version)
  if (!isKnown) {
    const names = Object.keys(weights).join(', ')
    check.add('version', `is no version: ${show(version)}; they are ${names}`)
  }
  const others = Object.entries(weights).filter(([name, weight]) => name !== version && weight > 0)
  if (isKnown && others.length === 0) {
    check.add('version', `'${version}' has all of the calls already; there is nothing to compare it with`)
  }
  if (check.object('', options ?? null, optionNames) && typeof options === 'object' && options !== null) {
    checkSteps(check, options.steps)
    checkTimes(check, options)
    checkLimits(check, options)
    checkBaseline(check, options.baseline, version, others)
  }
  const given = Object.entries(options ?? {}).filter(([, value]) => value !== undefined)
  const filled = { ...canaryDefaults, ...Object.fromEntries(given) } as ResolvedCanary
  const intervalMs = options?.intervalMs ?? Math.min(canaryDefaults.intervalMs, filled.stepMs)
  const most = others.reduce((best, other) => (other[1] > best[1] ? other : best), others[0] ?? ['', 0])
  return { ...filled, intervalMs, version, baseline: options?.baseline ?? most[0] }
}

function checkSteps(check: OptionCheck, steps: unknown): void {
  if (steps === undefined) return
  if (!Array.isArray(steps) || steps.length === 0) {
    check.add('steps', `must be a list of percents such as [5, 50, 100], not ${show(steps)}`)
    return
  }
  let before = 0
  const areNumbers = steps.map((step: unknown, index) => {
    if (!check.number(`steps.${index}`, step ?? Number.NaN, { min: 0, max: 100, exclusive: true }))
      return false
    const percent = step as number
    if (percent <= before) {
      check.add(
        `steps.${index}`,
        `does not rise: ${percent} comes after ${before}; each step is above the last`,
      )
    }
    before = percent
    return true
  })
  if (areNumbers.includes(false)) return
  if (steps.at(-1) !== 100) {
    check.add(
      'steps',
      'must end with 100: a canary gets all calls at last; for a lasting share use setWeights()',
    )
  } else if (steps.length === 1) {
    check.add('steps', 'needs a step below 100, where the canary is compared with its baseline; add one')
  }
}

function checkTimes(check: OptionCheck, { intervalMs, stepMs, warmUpMs }: CanaryOptions): void {
  check.milliseconds('stepMs', stepMs)
  check.milliseconds('intervalMs', intervalMs)
  check.milliseconds('warmUpMs', warmUpMs, { exclusive: false })
  const wholeMs = stepMs ?? canaryDefaults.stepMs
  const contradicts = (name: string, ms: number) =>
    check.add(name, `contradicts stepMs: a step would be over before (${ms} against ${wholeMs}); lower it`)
  if (intervalMs !== undefined && intervalMs > wholeMs) contradicts('intervalMs', intervalMs)
  if (warmUpMs !== undefined && warmUpMs >= wholeMs) contradicts('warmUpMs', warmUpMs)
}

function checkLimits(check: OptionCheck, options: CanaryOptions): void {
  check.number('minSamples', options.minSamples, { min: 1, integer: true })
  check.number('maxErrorRateIncrease', options.maxErrorRateIncrease, { min: 0, max: 1 })
  if (options.maxLatencyRatio !== false) check.number('maxLatencyRatio', options.maxLatencyRatio, { min: 1 })
  check.number('latencyQuantile', options.latencyQuantile, { min: 0.5, max: 0.999 })
  check.milliseconds('minLatencyIncreaseMs', options.minLatencyIncreaseMs, { exclusive: false })
}

function checkBaseline(
  check: OptionCheck,
  baseline: unknown,
  version: string,
  others: readonly (readonly [string, number])[],
): void {
  if (baseline === undefined) return
  if (baseline === version) {
    check.add('baseline', 'is the canary itself; name the version to compare it with')
  } else if (!others.some(([name]) => name === baseline)) {
    const names = others.map(([name]) => name).join(', ')
    check.add('baseline', `is no version that gets calls: ${show(baseline)}; they are ${names}`)
  }
}
