import { OptionCheck, show } from '../../foundation/config/index.js'
import type { TrafficRequest } from './traffic-request.js'
import { checkRules, type TrafficRule } from './traffic-rule.js'
import type { Weights } from './weight-table.js'

/** Options of `trafficSplit`, and of `traffic` of a client with `versions`. */
export interface TrafficSplitOptions<Version extends string = string> {
  /** How the calls are shared: a number for each version, of whatever sum; 0 for none. */
  readonly weights: Readonly<Record<Version, number>>
  /**
   * What goes to a version whatever its weight: by path, method, operation, header, or a percentage of these. The first
   * that takes a call decides.
   * @default []
   */
  readonly rules?: readonly TrafficRule<NoInfer<Version>>[]
  /**
   * Keeps calls with the same key at the same version: the name of a header, or a function that gives the key. Without a
   * key chance decides. A version whose share grows loses no key.
   * @default none
   */
  readonly stickyBy?: string | ((request: TrafficRequest) => string | undefined)
  /**
   * Names the split in events. Splits with different names spread the same keys differently.
   * @default 'traffic', or the dependency of a client
   */
  readonly name?: string
  /**
   * Statuses below 500 by which a client takes a call for a failure of the version: 404 for a canary that lacks a route.
   * @default []
   */
  readonly failureStatuses?: readonly number[]
  /**
   * Source of chance, from 0 to below 1.
   * @default Math.random
   */
  readonly random?: () => number
}

const optionNames = [
  'weights',
  'rules',
  'stickyBy',
  'name',
  'failureStatuses',
  'random',
] as const satisfies readonly (keyof TrafficSplitOptions)[]

/**
 * Checks the options of a split.
 * @throws {ConfigInvalidError} `CONFIG_INVALID`, naming everything that is wrong at once.
 */
export function checkTrafficOptions(options: TrafficSplitOptions): void {
  const check = new OptionCheck('trafficSplit()')
  if (check.object('', options ?? null, optionNames) && typeof options === 'object' && options !== null) {
    const { failureStatuses, name, rules, stickyBy, weights } = options
    checkWeights(check, 'weights', weights)
    checkRules(check, 'rules', rules, Object.keys(weights ?? {}))
    if (
      stickyBy !== undefined &&
      typeof stickyBy !== 'function' &&
      (typeof stickyBy !== 'string' || !stickyBy)
    ) {
      check.add('stickyBy', `must be the name of a header or a function, not ${show(stickyBy)}`)
    }
    if (name !== undefined && (typeof name !== 'string' || name === '')) {
      check.add('name', `must be a name, not ${show(name)}`)
    }
    checkStatuses(check, failureStatuses)
    check.function('random', options.random)
  }
  check.done()
}

/** Names stand in metrics and logs. */
const versionPattern = /^[\w.-]{1,64}$/
const maxWeight = 1_000_000

/** Tells `check` what is wrong with weights; those of a split that is there must name its `versions`, all of them. */
export function checkWeights(
  check: OptionCheck,
  path: string,
  weights: unknown,
  versions?: readonly string[],
): void {
  const at = (name: string) => (path === '' ? name : `${path}.${name}`)
  if (typeof weights !== 'object' || weights === null || Array.isArray(weights)) {
    check.add(path, `must be an object with a number for each version, not ${show(weights)}`)
    return
  }
  const entries = Object.entries(weights)
  for (const [name] of entries) {
    if (versions?.includes(name) === false) {
      check.add(at(name), `is no version; they are ${versions.join(', ')}`)
    } else if (!versionPattern.test(name)) {
      check.add(at(name), "is no name for a version: 1 to 64 letters, digits, '.', '_' and '-'")
    }
  }
  for (const name of versions ?? []) {
    if (!Object.hasOwn(weights, name))
      check.add(at(name), 'is missing; every version has a weight, 0 for no calls')
  }
  const areWeights = entries.map(([name, weight]) =>
    check.number(at(name), weight ?? Number.NaN, { min: 0, max: maxWeight }),
  )
  if (entries.length === 0) check.add(path, 'names no version; name those that calls are shared between')
  else if (!areWeights.includes(false) && sumOf(weights as Weights) === 0) {
    check.add(path, 'sum to zero, so that no call could go anywhere; give one version more')
  }
}

function sumOf(weights: Weights): number {
  return Object.values(weights).reduce((sum, weight) => sum + weight, 0)
}

function checkStatuses(check: OptionCheck, statuses: unknown): void {
  if (statuses === undefined) return
  if (!Array.isArray(statuses)) {
    check.add('failureStatuses', `must be a list of statuses, not ${show(statuses)}`)
    return
  }
  statuses.forEach((status: unknown, index) => {
    check.number(`failureStatuses.${index}`, status ?? Number.NaN, { min: 400, max: 499, integer: true })
  })
}
