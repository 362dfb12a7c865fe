import { OptionCheck, show } from '../../foundation/config/index.js'
import { guarded, guardedRandom } from '../../foundation/events/index.js'
import type { Execution } from '../kernel/index.js'
import { type BreakerVerdict, judgeError } from './breaker-verdict.js'

/** Options of `circuitBreaker`. */
export interface CircuitBreakerOptions {
  /**
   * Opens when at least this share of the settled calls of the window has failed.
   * @default 0.9
   */
  readonly failureRatio?: number
  /**
   * Settled calls that the window must hold before the share counts.
   * @default 20
   */
  readonly minimumCalls?: number
  /**
   * Length of the rolling window, in milliseconds.
   * @default 10000
   */
  readonly windowMs?: number
  /**
   * Opens after this many failures to connect in a row; `false` for never.
   * @default 5
   */
  readonly connectionFailures?: number | false
  /**
   * Opens when for this long, in milliseconds, every settled call has failed, `minimumCalls` of them at least: a
   * dependency that is down altogether need not fill the window first. `false` for never.
   * @default 2000
   */
  readonly outageMs?: number | false
  /**
   * How long it stays open the first time, in milliseconds: drawn evenly between this and twice this. Both double
   * each time the probe fails, until twice this reaches `maxOpenMs`.
   * @default 1000
   */
  readonly openMs?: number
  /**
   * The longest it stays open, in milliseconds; a function is asked each time it opens.
   * @default 5000
   */
  readonly maxOpenMs?: number | (() => number)
  /**
   * A success that took longer than this counts as a failure, in milliseconds; `false` for none.
   * @default false
   */
  readonly slowCallMs?: number | false
  /**
   * When a probe has not settled for this long, another one is let through, in milliseconds.
   * @default 10000
   */
  readonly probeTimeoutMs?: number
  /**
   * What an error says about the dependency. By default aborts and refusals by other policies are neutral, what
   * never connected is `connection`, an `HttpError` below 500 a success, and every other error a failure.
   */
  readonly classify?: (error: unknown, execution: Execution) => BreakerVerdict
  /**
   * Only reports what it would have done, and lets every call through.
   * @default false
   */
  readonly shadow?: boolean
  /**
   * Name of the opossum instance, which opossum's own tools show.
   * @default 'circuit'
   */
  readonly name?: string
  /**
   * Source of chance, from 0 to below 1.
   * @default Math.random
   */
  readonly random?: () => number
}

/** The options of a breaker, filled in; functions of the user are guarded. */
export interface ResolvedCircuitBreaker extends Required<Omit<CircuitBreakerOptions, 'maxOpenMs'>> {
  readonly maxOpenMs: () => number
}

const defaults = Object.freeze({
  failureRatio: 0.9,
  minimumCalls: 20,
  windowMs: 10_000,
  connectionFailures: 5,
  outageMs: 2_000,
  openMs: 1_000,
  maxOpenMs: 5_000,
  slowCallMs: false,
  probeTimeoutMs: 10_000,
  name: 'circuit',
})

const optionNames = [
  'failureRatio',
  'minimumCalls',
  'windowMs',
  'connectionFailures',
  'outageMs',
  'openMs',
  'maxOpenMs',
  'slowCallMs',
  'probeTimeoutMs',
  'classify',
  'shadow',
  'name',
  'random',
] as const satisfies readonly (keyof CircuitBreakerOptions)[]

/**
 * Checks the options of a breaker and fills them in.
 * @throws {ConfigInvalidError} `CONFIG_INVALID` when one is out of range, or two contradict each other.
 */
export function resolveCircuitBreakerOptions(
  options: CircuitBreakerOptions,
  subject = 'circuitBreaker()',
): ResolvedCircuitBreaker {
  const check = new OptionCheck(subject)
  if (check.object('', options ?? null, optionNames)) {
    checkThresholds(check, options)
    checkTimes(check, options)
    if (options.name !== undefined && typeof options.name !== 'string') {
      check.add('name', `must be a string, not ${show(options.name)}`)
    }
    check.boolean('shadow', options.shadow)
    check.function('classify', options.classify)
    check.function('random', options.random)
  }
  check.done()
  const { classify } = options
  return {
    failureRatio: options.failureRatio ?? defaults.failureRatio,
    minimumCalls: options.minimumCalls ?? defaults.minimumCalls,
    windowMs: options.windowMs ?? defaults.windowMs,
    connectionFailures: options.connectionFailures ?? defaults.connectionFailures,
    outageMs: options.outageMs ?? defaults.outageMs,
    openMs: options.openMs ?? defaults.openMs,
    maxOpenMs: longestOf(options),
    slowCallMs: options.slowCallMs ?? (false as const),
    probeTimeoutMs: options.probeTimeoutMs ?? defaults.probeTimeoutMs,
    classify:
      classify === undefined ? judgeError : guarded('classify of circuitBreaker()', classify, judgeError),
    shadow: options.shadow ?? false,
    name: options.name ?? defaults.name,
    random: guardedRandom(options.random ?? Math.random),
  }
}

function checkThresholds(check: OptionCheck, options: CircuitBreakerOptions): void {
  check.number('failureRatio', options.failureRatio, { min: 0, max: 1, exclusive: true })
  check.number('minimumCalls', options.minimumCalls, { min: 1, integer: true })
  if (options.connectionFailures !== false) {
    check.number('connectionFailures', options.connectionFailures, { min: 1, integer: true })
  }
}

function checkTimes(check: OptionCheck, options: CircuitBreakerOptions): void {
  const { openMs, maxOpenMs } = options
  check.milliseconds('windowMs', options.windowMs, { min: 100, exclusive: false })
  if (options.outageMs !== false) check.milliseconds('outageMs', options.outageMs)
  check.milliseconds('openMs', openMs)
  if (typeof maxOpenMs !== 'function') check.milliseconds('maxOpenMs', maxOpenMs)
  check.milliseconds('probeTimeoutMs', options.probeTimeoutMs)
  if (options.slowCallMs !== false) check.milliseconds('slowCallMs', options.slowCallMs)
  if (openMs !== undefined && typeof maxOpenMs === 'number' && openMs > maxOpenMs) {
    check.add('openMs', `is above maxOpenMs (${openMs} > ${maxOpenMs})`)
  }
}

/** The longest that a timer can hold. */
const longestTimerMs = 2 ** 31 - 1

/** How long it may stay open; what a function gives that is no time is not believed. */
function longestOf({ maxOpenMs, openMs = 0 }: CircuitBreakerOptions): () => number {
  const usual = Math.max(defaults.maxOpenMs, openMs)
  if (typeof maxOpenMs !== 'function') return () => maxOpenMs ?? usual
  const asked = guarded('maxOpenMs of circuitBreaker()', maxOpenMs, () => usual)
  return () => {
    const ms = asked()
    return ms > 0 && ms <= longestTimerMs ? ms : usual
  }
}
