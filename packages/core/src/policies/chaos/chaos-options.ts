import { OptionCheck, show } from '../../foundation/config/index.js'
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

const optionNames = ['latency', 'errors', 'errorRatio', 'rate', 'when', 'seed', 'enabled'] as const

/** @throws {ConfigInvalidError} `CONFIG_INVALID`, naming everything that is wrong at once. */
export function checkChaosOptions<Call>(options: ChaosOptions<Call>): void {
  const check = new OptionCheck('chaos()')
  const given: ChaosOptions<Call> = Object(options)
  const { latency, errors, errorRatio, rate, when, seed, enabled } = given
  if (check.object('', options ?? null, optionNames)) {
    if (latency === undefined && errors === undefined) {
      check.add('', 'has nothing to inject; give latency, errors or both')
    }
    checkLatency(check, latency)
    checkErrors(check, errors)
    check.number('errorRatio', errorRatio, { min: 0, max: 1 })
    if (errorRatio !== undefined && errors === undefined) {
      check.add('errorRatio', 'has no effect without errors; leave it out')
    }
    check.number('rate', rate, { min: 0, max: 1 })
    check.function('when', when)
    if (seed !== undefined && typeof seed !== 'string') check.number('seed', seed)
    if (typeof enabled !== 'function' && enabled !== undefined && typeof enabled !== 'boolean') {
      check.add('enabled', `must be true, false or a function that says so, not ${show(enabled)}`)
    }
  }
  check.done()
}

function checkLatency(check: OptionCheck, latency: unknown): void {
  if (typeof latency === 'function') return
  if (typeof latency !== 'object' || latency === null) {
    check.milliseconds('latency', latency)
    return
  }
  if (!check.object('latency', latency, ['minMs', 'maxMs'])) return
  const { minMs, maxMs } = latency as Partial<ChaosRange>
  const isMin = check.milliseconds('latency.minMs', minMs, { exclusive: false })
  if (maxMs === undefined) check.add('latency.maxMs', 'is missing; give a number of milliseconds')
  else if (check.milliseconds('latency.maxMs', maxMs) && isMin && minMs !== undefined && minMs > maxMs) {
    check.add('latency.minMs', `is more than maxMs, ${show(minMs)} against ${show(maxMs)}; swap them`)
  }
}

function checkErrors(check: OptionCheck, errors: unknown): void {
  if (errors === undefined) return
  if (!Array.isArray(errors)) {
    checkError(check, 'errors', errors)
    return
  }
  if (errors.length === 0) check.add('errors', 'is an empty list; name a failure or leave it out')
  for (const [index, error] of errors.entries()) checkError(check, `errors.${index}`, error)
}

function checkError(check: OptionCheck, path: string, error: unknown): void {
  if (typeof error === 'function' || chaosErrorNames.includes(error as 'reset')) return
  if (typeof error === 'number') checkStatus(check, path, error)
  else if (typeof error === 'object' && error !== null && !Array.isArray(error))
    checkAnswer(check, path, error)
  else {
    const names = chaosErrorNames.map((name) => `'${name}'`).join(', ')
    check.add(path, `must be ${names}, a status or a function that makes an error, not ${show(error)}`)
  }
}

function checkAnswer(check: OptionCheck, path: string, answer: Partial<ChaosAnswer>): void {
  if (!check.object(path, answer, ['status', 'retryAfterMs'])) return
  if (answer.status === undefined) check.add(`${path}.status`, 'is missing; give a status from 400 to 599')
  else checkStatus(check, `${path}.status`, answer.status)
  check.milliseconds(`${path}.retryAfterMs`, answer.retryAfterMs)
}

function checkStatus(check: OptionCheck, path: string, status: unknown): void {
  check.number(path, status, { min: 400, max: 599, integer: true })
}
