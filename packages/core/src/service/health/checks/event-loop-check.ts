import { monitorEventLoopDelay } from 'node:perf_hooks'
import { OptionCheck } from '../../../foundation/config/index.js'
import type { HealthCheck } from '../health-check.js'

/** Options of `eventLoopCheck`. */
export interface EventLoopCheckOptions {
  /**
   * The delay of the event loop, in milliseconds, that is too much: its 99th percentile since the run before.
   * @default 250
   */
  readonly maxDelayMs?: number
}

const eventLoopDefaults = Object.freeze({ maxDelayMs: 250 })
/** How often the delay is sampled. A healthy loop shows this much, so it is taken off. */
const resolutionMs = 10
/** Too few samples say nothing: the window goes on until it is this long. */
const leastWindowMs = 1_000

/**
 * A check that fails while the event loop is busy: whatever answers then answers late. It never runs anything.
 *
 * @throws {ConfigInvalidError} `CONFIG_INVALID` when `maxDelayMs` is not a positive number.
 * @example
 * ```ts
 * import { eventLoopCheck, healthRegistry } from '@holdfast/core'
 *
 * healthRegistry().add('event-loop', eventLoopCheck({ maxDelayMs: 200 }), { failuresBeforeDown: 3 })
 * ```
 */
export function eventLoopCheck(options: EventLoopCheckOptions = {}): HealthCheck {
  const check = new OptionCheck('eventLoopCheck()')
  if (check.object('', options, ['maxDelayMs'])) check.milliseconds('maxDelayMs', options.maxDelayMs)
  check.done()
  const maxDelayMs = options.maxDelayMs ?? eventLoopDefaults.maxDelayMs
  const histogram = monitorEventLoopDelay({ resolution: resolutionMs })
  histogram.enable()
  let windowSince = performance.now()
  let delayMs = 0

  const run = () => {
    if (performance.now() - windowSince >= leastWindowMs) {
      delayMs = histogram.count === 0 ? 0 : Math.max(0, histogram.percentile(99) / 1e6 - resolutionMs)
      histogram.reset()
      windowSince = performance.now()
    }
    return {
      status: delayMs > maxDelayMs ? 'fail' : 'pass',
      output: `the event loop is ${Math.round(delayMs)} ms late, more than ${maxDelayMs} ms`,
      observedValue: Math.round(delayMs),
      observedUnit: 'ms',
      measurement: 'delay',
    } as const
  }
  return Object.assign(run, { close: () => void histogram.disable() })
}
