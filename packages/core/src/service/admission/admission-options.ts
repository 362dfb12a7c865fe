import type { OptionCheck } from '../../foundation/config/index.js'

/** How a service protects itself from more requests than it can serve. */
export interface AdmissionOptions {
  /**
   * The limit never falls below this many requests at once.
   * @default 1
   */
  readonly minLimit?: number | undefined
  /**
   * Never more requests at once than this, however well the service is doing. Where its capacity is known, such as
   * the connections of a pool, set it.
   * @default 10000
   */
  readonly maxLimit?: number | undefined
  /**
   * How many requests may wait; 0 refuses at once.
   * @default 1000
   */
  readonly maxQueue?: number | undefined
  /**
   * How long a request may wait, in milliseconds.
   * @default 500
   */
  readonly maxQueueWaitMs?: number | undefined
  /**
   * Who has waited longer than this, in milliseconds, or than half of the usual latency, is shed once the queue has
   * not been empty for 100 ms. `critical` requests are not.
   * @default 10
   */
  readonly shedOlderThanMs?: number | undefined
  /**
   * Only reports whom it would have refused or had wait, and lets every request in at once, also those whose deadline
   * has passed.
   * @default false
   */
  readonly shadow?: boolean | undefined
}

/** The options of admission with nothing left open. */
export interface AdmissionSettings {
  readonly minLimit: number
  readonly maxLimit: number
  readonly maxQueue: number
  readonly maxQueueWaitMs: number
  readonly shedOlderThanMs: number
  readonly shadow: boolean
}

/** Let everything in whose time is not up. */
const noLimit = Number.POSITIVE_INFINITY

/** The defaults of `admission`. */
const admissionDefaults: AdmissionSettings = Object.freeze({
  minLimit: 1,
  maxLimit: 10_000,
  maxQueue: 1_000,
  maxQueueWaitMs: 500,
  shedOlderThanMs: 10,
  shadow: false,
})

/** Tells `check` what is wrong with the option `admission`. */
export function checkAdmission(check: OptionCheck, given: AdmissionOptions | boolean | undefined): void {
  if (given === undefined || typeof given === 'boolean') return
  if (!check.object('admission', given, Object.keys(admissionDefaults))) return
  const permits = { min: 1, max: 1_000_000, integer: true }
  check.number('admission.minLimit', given.minLimit, permits)
  check.number('admission.maxLimit', given.maxLimit, permits)
  check.number('admission.maxQueue', given.maxQueue, { min: 0, integer: true })
  check.milliseconds('admission.maxQueueWaitMs', given.maxQueueWaitMs)
  check.milliseconds('admission.shedOlderThanMs', given.shedOlderThanMs)
  check.boolean('admission.shadow', given.shadow)
  const { minLimit, maxLimit } = given
  if (minLimit !== undefined && maxLimit !== undefined && minLimit > maxLimit) {
    check.add('admission.minLimit', `is above admission.maxLimit (${minLimit} > ${maxLimit})`)
  }
}

/** Fills in what was not given; of two bounds the one that was given wins. Without options nothing is limited. */
export function resolveAdmission(options: AdmissionOptions | true | undefined): AdmissionSettings {
  if (options === undefined) return { ...admissionDefaults, minLimit: noLimit, maxLimit: noLimit }
  const given = options === true ? {} : options
  const { minLimit, maxLimit } = given
  const { minLimit: least, maxLimit: most, maxQueue, maxQueueWaitMs, shedOlderThanMs } = admissionDefaults
  return {
    minLimit: minLimit ?? Math.min(least, maxLimit ?? least),
    maxLimit: maxLimit ?? Math.max(most, minLimit ?? most),
    maxQueue: given.maxQueue ?? maxQueue,
    maxQueueWaitMs: given.maxQueueWaitMs ?? maxQueueWaitMs,
    shedOlderThanMs: given.shedOlderThanMs ?? shedOlderThanMs,
    shadow: given.shadow ?? admissionDefaults.shadow,
  }
}
