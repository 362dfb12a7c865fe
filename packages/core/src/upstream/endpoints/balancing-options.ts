import { type OptionCheck, show } from '../../foundation/config/index.js'

/** When an endpoint is ejected: left out of the choice for a while because it does worse than the others. */
export interface EjectionOptions {
  /**
   * Ejects after this many failures in a row.
   * @default 5
   */
  readonly consecutiveFailures?: number
  /**
   * How often the share of failures of each endpoint is compared with that of the others, in milliseconds.
   * @default 10000
   */
  readonly intervalMs?: number
  /**
   * Outcomes that an endpoint must have had within the interval to be compared.
   * @default 20
   */
  readonly minimumCalls?: number
  /**
   * How long it is ejected the first time, in milliseconds; the second time twice as long, the third three times.
   * @default 10000
   */
  readonly baseEjectionMs?: number
  /**
   * The longest it is ejected, in milliseconds.
   * @default 60000
   */
  readonly maxEjectionMs?: number
}

/** How calls are spread over the endpoints of a dependency. */
export interface BalancingOptions {
  /**
   * `powerOfTwo`: of two endpoints drawn by weight the one with less latency times calls in flight.
   * `roundRobin`: all in turn, by weight.
   * @default 'powerOfTwo'
   */
  readonly algorithm?: 'powerOfTwo' | 'roundRobin'
  /**
   * The zone of this process. Endpoints of the same zone are preferred while at least half of them are well.
   * @default none
   */
  readonly zone?: string
  /**
   * When an endpoint is left out because it fails; `false` for never.
   * @default on
   */
  readonly ejection?: EjectionOptions | false
  /**
   * The most endpoints that are used; of a longer list the first ones, those in use already before all.
   * @default 1000
   */
  readonly maxEndpoints?: number
  /**
   * Whether a resolver's empty answer is believed. By default the last list that was not empty stays.
   * @default false
   */
  readonly allowEmpty?: boolean
}

/** The options of ejection, filled in. */
export type ResolvedEjection = Required<EjectionOptions>

const ejectionDefaults: ResolvedEjection = Object.freeze({
  consecutiveFailures: 5,
  intervalMs: 10_000,
  minimumCalls: 20,
  baseEjectionMs: 10_000,
  maxEjectionMs: 60_000,
})

const ejectionNames = Object.keys(ejectionDefaults)
const optionNames = [
  'algorithm',
  'zone',
  'ejection',
  'maxEndpoints',
  'allowEmpty',
] as const satisfies readonly (keyof BalancingOptions)[]

/** The most endpoints of a set that was not told otherwise. */
export const defaultMaxEndpoints = 1_000

/** Adds what is wrong with `options` to `check`. */
export function checkBalancing(check: OptionCheck, path: string, options: unknown): void {
  if (!check.object(path, options, optionNames) || options === undefined) return
  const at = (name: string): string => (path === '' ? name : `${path}.${name}`)
  const { algorithm, zone, ejection, maxEndpoints, allowEmpty } = options as BalancingOptions
  check.oneOf(at('algorithm'), algorithm, ['powerOfTwo', 'roundRobin'])
  if (zone !== undefined && (typeof zone !== 'string' || (zone as string) === '')) {
    check.add(at('zone'), `must be the name of a zone, not ${show(zone)}`)
  }
  check.number(at('maxEndpoints'), maxEndpoints, { min: 1, integer: true })
  check.boolean(at('allowEmpty'), allowEmpty)
  if (ejection !== false) checkEjection(check, at('ejection'), ejection)
}

function checkEjection(check: OptionCheck, path: string, options: EjectionOptions | undefined): void {
  if (!check.object(path, options, ejectionNames) || options === undefined) return
  const { baseEjectionMs, maxEjectionMs } = options
  check.number(`${path}.consecutiveFailures`, options.consecutiveFailures, { min: 1, integer: true })
  check.number(`${path}.minimumCalls`, options.minimumCalls, { min: 1, integer: true })
  check.milliseconds(`${path}.intervalMs`, options.intervalMs)
  check.milliseconds(`${path}.baseEjectionMs`, baseEjectionMs)
  check.milliseconds(`${path}.maxEjectionMs`, maxEjectionMs)
  if (baseEjectionMs !== undefined && maxEjectionMs !== undefined && baseEjectionMs > maxEjectionMs) {
    check.add(`${path}.baseEjectionMs`, `is above maxEjectionMs (${baseEjectionMs} > ${maxEjectionMs})`)
  }
}

/** The options of ejection, or `undefined` where it is off. */
export function resolveEjection(options: BalancingOptions['ejection']): ResolvedEjection | undefined {
  if (options === false) return undefined
  const given = Object.fromEntries(Object.entries(options ?? {}).filter(([, value]) => value !== undefined))
  const filled = { ...ejectionDefaults, ...given }
  return { ...filled, maxEjectionMs: Math.max(filled.maxEjectionMs, filled.baseEjectionMs) }
}
