import { OptionCheck } from '../../foundation/config/index.js'
import type { Random } from '../seeded-random.js'

/** Draws a number, usually of milliseconds, by means of `random`. */
export type Distribution = (random: Random) => number

/**
 * Every value between two as likely as any other.
 *
 * @throws {ConfigInvalidError} `CONFIG_INVALID` unless 0 <= min <= max.
 * @example
 * ```ts
 * import { delay, uniform } from '@holdfast/core/testing'
 * const network = delay(uniform(5, 20))
 * ```
 */
export function uniform(min: number, max: number): Distribution {
  const check = new OptionCheck('uniform()')
  check.number('min', min ?? null, { min: 0 })
  check.number('max', max ?? null, { min: typeof min === 'number' && min >= 0 ? min : 0 })
  check.done()
  return (random) => min + (max - min) * random()
}

/**
 * Many short ones and a few long ones: what service times are usually modelled by.
 *
 * @throws {ConfigInvalidError} `CONFIG_INVALID` when `mean` is negative or no number.
 * @example
 * ```ts
 * import { delay, exponential } from '@holdfast/core/testing'
 * const work = delay(exponential(10))
 * ```
 */
export function exponential(mean: number): Distribution {
  const check = new OptionCheck('exponential()')
  check.number('mean', mean ?? null, { min: 0 })
  check.done()
  return (random) => -mean * Math.log(1 - random())
}

/**
 * Half below and half above the median with a long tail: what latencies measured in production look like. The 99th
 * percentile is the median times `Math.exp(2.33 * sigma)`.
 *
 * @param sigma How long the tail is. @default 0.5
 * @throws {ConfigInvalidError} `CONFIG_INVALID` when one of them is negative or no number.
 * @example
 * ```ts
 * import { delay, lognormal } from '@holdfast/core/testing'
 * const latency = delay(lognormal(20, 0.8))
 * ```
 */
export function lognormal(median: number, sigma = 0.5): Distribution {
  const check = new OptionCheck('lognormal()')
  check.number('median', median ?? null, { min: 0 })
  check.number('sigma', sigma, { min: 0 })
  check.done()
  return (random) => {
    // Box and Muller's transform, of which the second value is not needed.
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
    return median * Math.exp(sigma * normal)
  }
}
