import {
  checkAll,
  checkByRules,
  type OptionRule,
  type OptionRules,
  optionRule,
  show,
} from '../../foundation/config/index.js'
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

/** The defaults of `circuitBreaker`. */
export const circuitBreakerDefaults = Object.freeze({
  failureRatio: 0.9,
  minimumCalls: 20,
  windowMs: 10_000,
  connectionFailures: 5,
  outageMs: 2_000,
  openMs: 1_000,
  maxOpenMs: 5_000,
  slowCallMs: false,
  probeTimeoutMs: 10_000,
  shadow: false,
  name: 'circuit',
} as const)

const name: OptionRule = (check, path, value) =>
  value === undefined || typeof value === 'string' || check.add(path, `must be a string, not ${show(value)}`)

const rules: OptionRules<CircuitBreakerOptions> = {
  failureRatio: optionRule.number({ min: 0, max: 1, exclusive: true }),
  minimumCalls: optionRule.number({ min: 1, integer: true }),
  windowMs: optionRule.milliseconds({ min: 100, exclusive: false }),
  connectionFailures: optionRule.orFalse(optionRule.number({ min: 1, integer: true })),
  outageMs: optionRule.orFalse(optionRule.milliseconds()),
  openMs: optionRule.milliseconds(),
  maxOpenMs: (check, path, value) => typeof value === 'function' || check.milliseconds(path, value),
  slowCallMs: optionRule.orFalse(optionRule.milliseconds()),
  probeTimeoutMs: optionRule.milliseconds(),
  classify: optionRule.function(),
  shadow: optionRule.boolean(),
  name,
  random: optionRule.function(),
}

/**
 * Checks the options of a breaker and fills them in.
 * @throws {ConfigInvalidError} `CONFIG_INVALID` when one is out of range, or two contradict each other.
 */
export function resolveCircuitBreakerOptions(
  options: CircuitBreakerOptions,
  subject = 'circuitBreaker()',
): ResolvedCircuitBreaker {
  checkAll(subject, (check) => {
    const { openMs, maxOpenMs } = Object(options) as CircuitBreakerOptions
    checkByRules(check, '', options ?? null, rules)
    if (openMs !== undefined && typeof maxOpenMs === 'number' && openMs > maxOpenMs) {
      check.add('openMs', `is above maxOpenMs (${openMs} > ${maxOpenMs})`)
    }
  })
  const { classify } = options
  return {
    failureRatio: options.failureRatio ?? circuitBreakerDefaults.failureRatio,
    minimumCalls: options.minimumCalls ?? circuitBreakerDefaults.minimumCalls,
    windowMs: options.windowMs ?? circuitBreakerDefaults.windowMs,
    connectionFailures: options.connectionFailures ?? circuitBreakerDefaults.connectionFailures,
    outageMs: options.outageMs ?? circuitBreakerDefaults.outageMs,
    openMs: options.openMs ?? circuitBreakerDefaults.openMs,
    maxOpenMs: longestOf(options),
    slowCallMs: options.slowCallMs ?? circuitBreakerDefaults.slowCallMs,
    probeTimeoutMs: options.probeTimeoutMs ?? circuitBreakerDefaults.probeTimeoutMs,
    classify:
      classify === undefined ? judgeError : guarded('classify of circuitBreaker()', classify, judgeError),
    shadow: options.shadow ?? circuitBreakerDefaults.shadow,
    name: options.name ?? circuitBreakerDefaults.name,
    random: guardedRandom(options.random ?? Math.random),
  }
}

/** The longest that a timer can hold. */
const longestTimerMs = 2 ** 31 - 1

/** How long it may stay open; what a function gives that is no time is not believed. */
function longestOf({ maxOpenMs, openMs = 0 }: CircuitBreakerOptions): () => number {
  const usual = Math.max(circuitBreakerDefaults.maxOpenMs, openMs)
  if (typeof maxOpenMs !== 'function') return () => maxOpenMs ?? usual
  const asked = guarded('maxOpenMs of circuitBreaker()', maxOpenMs, () => usual)
  return () => {
    const ms = asked()
    return ms > 0 && ms <= longestTimerMs ? ms : usual
  }
}
