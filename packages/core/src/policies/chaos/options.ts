import {
  checkAll,
  checkByRules,
  type OptionRule,
  type OptionRules,
  optionRule,
  show,
} from '../../foundation/config/index.js'
import { guarded, guardedCondition } from '../../foundation/events/index.js'
import type { ExecutionContext } from '../kernel/index.js'
import { type ChaosAnswer, type ChaosError, type ChaosRange, chaosErrorNames } from './chaos-faults.js'

/** Options of `chaos`: `latency`, `errors` or both must be given. */
export interface ChaosOptions<Call = ExecutionContext> {
  /** How long a call is held up, in milliseconds: a number, a range, or what a function gives for the call. */
  readonly latency?: number | ChaosRange | ((call: Call) => number)
  /** How a call fails, after its latency; of a list each is as likely as the others. */
  readonly errors?: ChaosError<Call> | readonly ChaosError<Call>[]
  /**
   * The share of the calls in `rate` that fail; the others are only late.
   * @default 1
   */
  readonly errorRatio?: number
  /**
   * The share of calls that something is done to, from 0 to 1.
   * @default 1
   */
  readonly rate?: number
  /**
   * Which calls `rate` is about. When it throws, the call is left alone.
   * @default all
   */
  readonly when?: (call: Call) => boolean
  /**
   * Has the n-th call meet the same fate in every run.
   * @default another in every run
   */
  readonly seed?: number | string
  /**
   * Whether anything is done at all; a function is asked for each call. `enable()` and `disable()` replace it.
   * @default false
   */
  readonly enabled?: boolean | (() => boolean)
}

/** The options of `chaos`, filled in; functions of the user are guarded. */
export interface ResolvedChaos<Call = ExecutionContext> {
  readonly latencyOf: (call: Call, random: number) => number
  readonly errors: readonly ChaosError<Call>[]
  readonly errorRatio: number
  readonly rate: number
  /** `undefined` for all calls. */
  readonly when: ((call: Call) => boolean) | undefined
  /** `undefined` for another fate in every run. */
  readonly seed: number | string | undefined
  readonly enabled: boolean | (() => boolean)
}

/** The defaults of `chaos`. */
export const chaosDefaults = Object.freeze({ errorRatio: 1, rate: 1, enabled: false })

const rangeRules: OptionRules<ChaosRange> = {
  minMs: optionRule.milliseconds({ exclusive: false }),
  maxMs: optionRule.required('give a number of milliseconds', optionRule.milliseconds()),
}

const latency: OptionRule = (check, path, value) => {
  if (typeof value === 'function') return true
  if (typeof value !== 'object' || value === null) return check.milliseconds(path, value)
  const range = value as ChaosRange
  if (!checkByRules(check, path, range, rangeRules)) return false
  const { minMs, maxMs } = range
  if (minMs === undefined || minMs <= maxMs) return true
  return check.add(`${path}.minMs`, `is more than maxMs, ${show(minMs)} against ${show(maxMs)}; swap them`)
}

const status = optionRule.number({ min: 400, max: 599, integer: true })

const answerRules: OptionRules<ChaosAnswer> = {
  status: optionRule.required('give a status from 400 to 599', status),
  retryAfterMs: optionRule.milliseconds(),
}

const oneError: OptionRule = (check, path, value) => {
  if (typeof value === 'function' || chaosErrorNames.includes(value as 'reset')) return true
  if (typeof value === 'number') return status(check, path, value)
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return checkByRules(check, path, value as ChaosAnswer, answerRules)
  }
  const names = chaosErrorNames.map((name) => `'${name}'`).join(', ')
  return check.add(path, `must be ${names}, a status or a function that makes an error, not ${show(value)}`)
}

const errors: OptionRule = (check, path, value) => {
  if (value === undefined) return true
  if (!Array.isArray(value)) return oneError(check, path, value)
  if (value.length === 0) return check.add(path, 'is an empty list; name a failure or leave it out')
  return value.map((error, index) => oneError(check, `${path}.${index}`, error)).every(Boolean)
}

const rules: OptionRules<ChaosOptions> = {
  latency,
  errors,
  errorRatio: optionRule.number({ min: 0, max: 1 }),
  rate: optionRule.number({ min: 0, max: 1 }),
  when: optionRule.function(),
  seed: (check, path, value) => typeof value === 'string' || check.number(path, value),
  enabled: (check, path, value) =>
    value === undefined ||
    typeof value === 'boolean' ||
    typeof value === 'function' ||
    check.add(path, `must be true, false or a function that says so, not ${show(value)}`),
}

/**
 * Checks the options of `chaos`.
 * @throws {ConfigInvalidError} `CONFIG_INVALID`, naming everything that is wrong at once.
 */
export function checkChaosOptions<Call>(options: ChaosOptions<Call>, subject = 'chaos()'): void {
  checkAll(subject, (check) => {
    checkByRules<ChaosOptions<Call>>(check, '', options ?? null, rules)
    if (typeof options !== 'object' || options === null) return
    const { latency, errors, errorRatio } = options
    if (latency === undefined && errors === undefined) {
      check.add('', 'has nothing to inject; give latency, errors or both')
    }
    if (errorRatio !== undefined && errors === undefined) {
      check.add('errorRatio', 'has no effect without errors; leave it out')
    }
  })
}

/**
 * Checks the options of `chaos` and fills them in.
 * @throws {ConfigInvalidError} `CONFIG_INVALID`, naming everything that is wrong at once.
 */
export function resolveChaosOptions<Call>(
  options: ChaosOptions<Call>,
  subject = 'chaos()',
): ResolvedChaos<Call> {
  checkChaosOptions(options, subject)
  const { enabled = chaosDefaults.enabled, errors = [], seed, when } = options
  return {
    latencyOf: latencyOf(options.latency),
    errors: Array.isArray(errors) ? [...errors] : [errors as ChaosError<Call>],
    errorRatio: options.errorRatio ?? chaosDefaults.errorRatio,
    rate: options.rate ?? chaosDefaults.rate,
    when: when === undefined ? undefined : guardedCondition('when of chaos()', when),
    seed,
    enabled: typeof enabled === 'function' ? guarded('enabled of chaos()', enabled, () => false) : enabled,
  }
}

function latencyOf<Call>(latency: ChaosOptions<Call>['latency']): (call: Call, random: number) => number {
  if (latency === undefined) return () => 0
  if (typeof latency === 'number') return () => latency
  if (typeof latency === 'object') {
    const { minMs = 0, maxMs } = latency
    return (_call, random) => minMs + (maxMs - minMs) * random
  }
  const checked = (call: Call): number => {
    const ms: unknown = latency(call)
    if (typeof ms === 'number' && ms >= 0 && ms < 2 ** 31) return ms
    throw new RangeError(`it gave ${String(ms)}, which is no number of milliseconds`)
  }
  return guarded('latency of chaos()', checked, () => 0)
}
