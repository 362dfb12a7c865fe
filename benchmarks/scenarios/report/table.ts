import { arms } from '../arms/arms.js'
import { bareUndici } from '../arms/undici.js'
import type { Metrics, Scenario, Variant } from '../model/scenario.js'
import type { Entry } from './judge.js'

/** One line of a table, all seeds of an arm together, as text. */
export interface Row {
  readonly variant: string
  readonly arm: string
  readonly success: string
  readonly ofNaive: string
  readonly amplification: string
  readonly p99: string
  readonly recovery: string
  /** What the scenario measures besides. */
  readonly more: string
  readonly met: string
}

export const headings: Row = {
  variant: 'variant',
  arm: 'client',
  success: 'success',
  ofNaive: 'of naive',
  amplification: 'amplification',
  p99: 'p99',
  recovery: 'recovery',
  more: 'also',
  met: 'target met',
}

/** In every table. */
const common = ['calls', 'success', 'goodputPerSecond', 'amplification', 'p50Ms', 'p99Ms', 'recoveryMs']

/** The rows of a scenario, by variant and arm. */
export function rowsOf(scenario: Scenario, entries: readonly Entry[]): Row[] {
  const rows: Row[] = []
  for (const variant of scenario.variants) {
    const ofVariant = entries.filter((entry) => entry.id === scenario.id && entry.variant === variant.name)
    const naive = meanOf(ofVariant, bareUndici.name)
    for (const { name: arm } of arms) {
      const runs = ofVariant.filter((entry) => entry.arm === arm)
      if (runs.length > 0) rows.push(rowOf(variant, arm, runs, { own: meanOf(ofVariant, arm), naive }))
    }
  }
  return rows
}

function rowOf(
  variant: Variant,
  arm: string,
  runs: readonly Entry[],
  { own, naive }: { own: Metrics; naive: Metrics },
): Row {
  const met = runs.filter((entry) => entry.met === true).length
  return {
    variant: variant.name,
    arm,
    success: percentOf(own.success),
    ofNaive: ratio((own.success ?? Number.NaN) / (naive.success || Number.NaN)),
    amplification: ratio(own.amplification),
    p99: milliseconds(own.p99Ms),
    recovery: variant.timing.afterMs === 0 ? '' : recovery(runs),
    more: Object.entries(own)
      .filter(([name]) => name === variant.headline || !common.includes(name))
      .filter(
        ([name]) =>
          !['success', 'recoveryMs', 'amplification'].includes(name) &&
          (name !== 'p999Ms' || variant.headline === name),
      )
      .map(([name, value]) => `${spoken(name)} ${figureOf(name, value)}`)
      .join(', '),
    met:
      variant.target === undefined
        ? 'reported only'
        : met === runs.length
          ? 'yes'
          : met === 0
            ? 'no'
            : `${met} of ${runs.length}`,
  }
}

function meanOf(entries: readonly Entry[], arm: string): Metrics {
  const runs = entries.filter((entry) => entry.arm === arm)
  const names = new Set(runs.flatMap(({ metrics }) => Object.keys(metrics)))
  return Object.fromEntries(
    [...names].map((name) => {
      const values = runs.map(({ metrics }) => metrics[name]).filter((value) => value !== undefined)
      return [
        name,
        values.length === 0 ? undefined : values.reduce((sum, one) => sum + one, 0) / values.length,
      ]
    }),
  )
}

/** The worst of the seeds: a mean would hide a run that never came back. */
function recovery(runs: readonly Entry[]): string {
  const times = runs.map(({ metrics }) => metrics.recoveryMs ?? Number.POSITIVE_INFINITY)
  const worstMs = Math.max(...times)
  return worstMs === Number.POSITIVE_INFINITY ? 'never' : `${worstMs / 1_000} s`
}

function percentOf(share: number | undefined): string {
  return share === undefined ? '' : `${(share * 100).toFixed(share > 0.99 && share < 1 ? 2 : 1)} %`
}

function ratio(value: number | undefined): string {
  return value === undefined || Number.isNaN(value) ? '' : `${value.toFixed(2)}x`
}

function milliseconds(value: number | undefined): string {
  return value === undefined ? '' : `${value.toFixed(0)} ms`
}

function figureOf(name: string, value: number | undefined): string {
  if (value === undefined || !Number.isFinite(value)) return '-'
  if (name.endsWith('Ms')) return milliseconds(value)
  return name.startsWith('share') ? percentOf(value) : ratio(value)
}

/** `p999Ms` and `goodputOfCapacity` as a reader would write them. */
function spoken(name: string): string {
  if (name === 'p999Ms') return 'p99.9'
  return name
    .replace(/Ms$/, '')
    .replace(/([A-Z][a-z]*\d*)/g, (word) => ` ${word.toLowerCase()}`)
    .trim()
}
