import {
  checkAll,
  checkByRules,
  type OptionCheck,
  type OptionRules,
  optionRule,
} from '../../foundation/config/index.js'
import { guarded } from '../../foundation/events/index.js'
import type { Execution } from '../kernel/index.js'
import type { AdaptiveLimitSettings } from './adaptive-limit.js'
import { judgeLoad, type LimitVerdict } from './limit-verdict.js'
import type { QueueWatchSettings } from './queue-watch.js'

/** Options of `adaptiveConcurrency`. */
export interface AdaptiveConcurrencyOptions {
  /**
   * The limit never falls below this.
   * @default 1
   */
  readonly minLimit?: number
  /**
   * The limit never rises above this.
   * @default 200
   */
  readonly maxLimit?: number
  /**
   * The limit before anything is known.
   * @default 64, or what `minLimit` and `maxLimit` leave of it
   */
  readonly initialLimit?: number
  /**
   * How many calls may wait for a permit; 0 refuses at once.
   * @default 1000
   */
  readonly maxQueue?: number
  /**
   * How much of the time it has left a call may wait, as a share of it.
   * @default 0.5
   */
  readonly maxQueueWaitRatio?: number
  /**
   * How long a call may wait whatever time it has left, in milliseconds; `false` for no such bound.
   * @default false
   */
  readonly maxQueueWaitMs?: number | false
  /**
   * The queue is shed once no permit has been free for this long, in milliseconds, or for a tenth of it after the
   * limit was cut; and until for this long nobody has had to be shed.
   * @default 1000
   */
  readonly shedAfterMs?: number
  /**
   * Who has waited longer than this is shed then, in milliseconds; `critical` calls, which go first, after ten times as
   * long.
   * @default 10
   */
  readonly shedOlderThanMs?: number
  /**
   * An answer that took more than this share of the time it was given is slow; the limit is cut when for a while none
   * is faster. `false` judges by losses alone.
   * @default 0.25
   */
  readonly slowRatio?: number | false
  /**
   * What an error says about the load. By default Holdfast's timeouts, refused connections, and the statuses 429 and
   * 503 with `Retry-After` are `overload`, an answer such as 404 is a `success`, and every other error `neutral`.
   */
  readonly classify?: (error: unknown, execution: Execution) => LimitVerdict
  /**
   * Only reports whom it would have refused or made to wait, and lets every call through at once.
   * @default false
   */
  readonly shadow?: boolean
}

/** The defaults of `adaptiveConcurrency`. */
export const adaptiveDefaults = Object.freeze({
  minLimit: 1,
  maxLimit: 200,
  initialLimit: 64,
  maxQueue: 1000,
  maxQueueWaitRatio: 0.5,
  maxQueueWaitMs: false,
  shedAfterMs: 1000,
  shedOlderThanMs: 10,
  slowRatio: 0.25,
  shadow: false,
} as const)

const permits = optionRule.number({ min: 1, max: 1_000_000, integer: true })

const rules: OptionRules<AdaptiveConcurrencyOptions> = {
  minLimit: permits,
  maxLimit: permits,
  initialLimit: permits,
  maxQueue: optionRule.number({ min: 0, integer: true }),
  maxQueueWaitRatio: optionRule.number({ min: 0, max: 1, exclusive: true }),
  maxQueueWaitMs: optionRule.orFalse(optionRule.milliseconds()),
  shedAfterMs: optionRule.milliseconds(),
  shedOlderThanMs: optionRule.milliseconds(),
  slowRatio: optionRule.orFalse(optionRule.number({ min: 0, max: 1, exclusive: true })),
  classify: optionRule.function(),
  shadow: optionRule.boolean(),
}

/**
 * Checks the options of an adaptive limit.
 * @throws {ConfigInvalidError} `CONFIG_INVALID` when one is out of range, or two contradict each other.
 */
export function checkAdaptiveOptions(
  options: AdaptiveConcurrencyOptions,
  subject = 'adaptiveConcurrency()',
): void {
  checkAll(subject, (check) => {
    checkByRules(check, '', options ?? null, rules)
    checkOrder(check, Object(options))
  })
}

/** What was not given gives way; two that were given and contradict each other are an error. */
function checkOrder(
  check: OptionCheck,
  { minLimit, initialLimit, maxLimit }: AdaptiveConcurrencyOptions,
): void {
  if (minLimit !== undefined && maxLimit !== undefined && minLimit > maxLimit) {
    check.add('minLimit', `is above maxLimit (${minLimit} > ${maxLimit})`)
  }
  if (initialLimit === undefined) return
  if (minLimit !== undefined && initialLimit < minLimit) {
    check.add('initialLimit', `is below minLimit (${initialLimit} < ${minLimit})`)
  }
  if (maxLimit !== undefined && initialLimit > maxLimit) {
    check.add('initialLimit', `is above maxLimit (${initialLimit} > ${maxLimit})`)
  }
}

/** The options with the defaults, and the constants that are none. */
export function resolveAdaptiveOptions(options: AdaptiveConcurrencyOptions) {
  const { minLimit: least, maxLimit: most, initialLimit: start } = options
  const minLimit = least ?? Math.min(adaptiveDefaults.minLimit, most ?? Number.POSITIVE_INFINITY, start ?? 1)
  const maxLimit = most ?? Math.max(adaptiveDefaults.maxLimit, minLimit, start ?? 0)
  const initialLimit = start ?? Math.min(maxLimit, Math.max(minLimit, adaptiveDefaults.initialLimit))
  const slowRatio = options.slowRatio ?? adaptiveDefaults.slowRatio
  const shedAfterMs = options.shedAfterMs ?? adaptiveDefaults.shedAfterMs
  const shedOlderThanMs = options.shedOlderThanMs ?? adaptiveDefaults.shedOlderThanMs
  return {
    limit: {
      ...limitConstants,
      minLimit,
      maxLimit,
      initialLimit,
      slowRatio: slowRatio === false ? Number.POSITIVE_INFINITY : slowRatio,
      slowFloor: Math.max(minLimit, limitConstants.slowFloor),
    } satisfies AdaptiveLimitSettings,
    watch: {
      standingAfterMs: shedAfterMs,
      standingAfterCutMs: shedAfterMs / 10,
      standingMaxWaitMs: shedOlderThanMs,
      criticalMaxWaitMs: criticalPatience * shedOlderThanMs,
    } satisfies QueueWatchSettings,
    maxQueue: options.maxQueue ?? adaptiveDefaults.maxQueue,
    maxQueueWaitRatio: options.maxQueueWaitRatio ?? adaptiveDefaults.maxQueueWaitRatio,
    maxQueueWaitMs: options.maxQueueWaitMs || Number.POSITIVE_INFINITY,
    shadow: options.shadow ?? adaptiveDefaults.shadow,
    classify:
      options.classify === undefined
        ? judgeLoad
        : guarded('classify of adaptiveConcurrency()', options.classify, judgeLoad),
  }
}

/** Where a queue stands, `critical` calls may wait so many times as long as others. */
const criticalPatience = 10

/** Found by simulating the scenarios together; docs/decisions/0008-adaptive-concurrency.md has the table. */
const limitConstants = Object.freeze({
  leastGrowth: 0.1,
  roundOutcomes: 20,
  lossShare: 0.5,
  lossCut: 0.5,
  streakOutcomes: 8,
  streakMs: 250,
  leastOutcomes: 4,
  slowCut: 0.6,
  slowFloor: 4,
} as const)
