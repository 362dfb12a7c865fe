import { getHeapStatistics } from 'node:v8'
import { OptionCheck } from '../../../foundation/config/index.js'
import type { HealthCheck, HealthResult } from '../health-check.js'

/** Options of `memoryCheck`. */
export interface MemoryCheckOptions {
  /**
   * The share of the heap's limit (`--max-old-space-size`) that is too much.
   * @default 0.9
   */
  readonly maxHeapRatio?: number
  /** The bytes of the whole process that are too much, such as 90 % of the container's limit. */
  readonly maxRssBytes?: number
}

const memoryDefaults = Object.freeze({ maxHeapRatio: 0.9 })

/**
 * A check that fails before the process runs out of memory.
 *
 * @throws {ConfigInvalidError} `CONFIG_INVALID` when an option is out of range.
 * @example
 * ```ts
 * import { healthRegistry, memoryCheck } from '@holdfast/core'
 *
 * healthRegistry().add('memory', memoryCheck({ maxRssBytes: 900 * 2 ** 20 }))
 * ```
 */
export function memoryCheck(options: MemoryCheckOptions = {}): HealthCheck {
  const check = new OptionCheck('memoryCheck()')
  if (check.object('', options, ['maxHeapRatio', 'maxRssBytes'])) {
    check.number('maxHeapRatio', options.maxHeapRatio, { min: 0, max: 1, exclusive: true })
    check.number('maxRssBytes', options.maxRssBytes, { min: 1 })
  }
  check.done()
  const { maxHeapRatio = memoryDefaults.maxHeapRatio, maxRssBytes } = options

  return (): HealthResult => {
    const rss = maxRssBytes === undefined ? 0 : process.memoryUsage.rss()
    if (maxRssBytes !== undefined && rss > maxRssBytes) {
      return {
        status: 'fail',
        output: `the process holds ${rss} bytes, more than ${maxRssBytes}`,
        observedValue: rss,
        observedUnit: 'bytes',
        measurement: 'rss',
      }
    }
    const { heap_size_limit: limit, used_heap_size: used } = getHeapStatistics()
    return {
      status: used > limit * maxHeapRatio ? 'fail' : 'pass',
      output: `the heap holds ${used} of ${limit} bytes, more than ${maxHeapRatio * 100} %`,
      observedValue: used,
      observedUnit: 'bytes',
      measurement: 'heapUsed',
    }
  }
}
