import { type OptionCheck, show } from '../../../../foundation/config/index.js'
import {
  type TrafficSplit,
  type TrafficSplitOptions,
  trafficSplit,
} from '../../../../upstream/traffic/index.js'
import type { ClientOptions } from '../../../options/client-options.js'
import { type ClientVersionOptions, versionOptionNames } from '../../../options/version-options.js'

/** The options that say where a version is. */
export const placeNames = ['baseUrl', 'endpoints', 'balancing'] as const

/** Tells of options that say something for all versions which each of them must say for itself. */
export function checkContradictions(check: OptionCheck, options: ClientOptions<object>): void {
  for (const name of placeNames) {
    if (options[name] !== undefined) {
      check.add(name, 'contradicts versions: each version has its own place; move it there')
    }
  }
  if (options.rateLimit) {
    const remedy = 'give each version its part of the quota there'
    check.add('rateLimit', `contradicts versions: each would count up to the whole quota; ${remedy}`)
  }
  const { store } = Object(options.cache) as { readonly store?: unknown }
  if (store !== undefined && store !== 'memory') {
    const remedy = 'leave it out, and each version has a memory of its own'
    check.add('cache.store', `contradicts versions: one would answer with what another has said; ${remedy}`)
  }
  if (typeof (options.retryBudget as { tryWithdraw?: unknown } | undefined)?.tryWithdraw === 'function') {
    const remedy = 'give the options of a budget, and each version has its own'
    check.add(
      'retryBudget',
      `contradicts versions: a bad one would use up the budget of the others; ${remedy}`,
    )
  }
}

/** The options that all versions share. */
export function withoutPlaces(options: ClientOptions<object>): ClientOptions<object> {
  const { baseUrl: _, endpoints: __, balancing: ___, rateLimit: ____, ...shared } = options
  return shared
}

/** The versions by name, those left out that are none. */
export function entriesOf(
  check: OptionCheck,
  versions: unknown,
): readonly (readonly [string, ClientVersionOptions])[] {
  if (typeof versions !== 'object' || versions === null || Array.isArray(versions)) {
    check.add('versions', `must be an object with the place of each version, not ${show(versions)}`)
    return []
  }
  const entries = Object.entries(versions as Record<string, unknown>)
  if (entries.length === 0)
    check.add('versions', 'names no version; name those that calls are shared between')
  const known = entries.filter(([name, own]) =>
    check.object(`versions.${name}`, own ?? null, versionOptionNames),
  )
  return known as (readonly [string, ClientVersionOptions])[]
}

/** Whether `traffic` is a split that has been made: it may come from another copy of this package. */
export function isSplit(traffic: unknown): traffic is TrafficSplit {
  return typeof (traffic as Partial<TrafficSplit> | null | undefined)?.decide === 'function'
}

/** The split that is given, or one made of its options; `undefined` where they are wrong. */
export function splitOf(
  check: OptionCheck,
  dependency: string,
  traffic: TrafficSplit | TrafficSplitOptions | undefined,
): TrafficSplit | undefined {
  if (traffic === undefined) {
    check.add(
      'traffic',
      'is missing; say how calls are shared, such as { weights: { stable: 100, canary: 0 } }',
    )
    return undefined
  }
  if (isSplit(traffic)) return traffic
  let split: TrafficSplit | undefined
  check.nest('traffic', () => {
    const isObject = typeof traffic === 'object' && traffic !== null && !Array.isArray(traffic)
    split = trafficSplit(isObject ? { name: dependency, ...traffic } : traffic)
  })
  return split
}

/** Whether every version has a weight, and every weight a version. */
export function checkNames(
  check: OptionCheck,
  versions: readonly string[],
  split: TrafficSplit | undefined,
): void {
  if (split === undefined) return
  for (const name of versions) {
    if (!split.versions.includes(name)) {
      check.add(`versions.${name}`, 'has no weight in traffic; give it one, 0 for no calls')
    }
  }
  for (const name of split.versions) {
    if (!versions.includes(name)) {
      check.add(`traffic.weights.${name}`, `is no version of this client; they are ${versions.join(', ')}`)
    }
  }
}

/** The headers of a version beside those of all. What is no object is left for the client to refuse. */
export function mergedHeaders(
  shared: ClientOptions['headers'],
  own: ClientVersionOptions['headers'],
): ClientOptions['headers'] {
  if (typeof shared !== 'object' || typeof own !== 'object') return own ?? shared
  return { ...shared, ...own }
}
