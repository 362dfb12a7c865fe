import type { Scenario } from '../model/scenario.js'
import type { Entry } from './judge.js'
import { headings, type Row, rowsOf } from './table.js'

const columns = Object.keys(headings) as (keyof Row)[]

/** A scenario's table for a terminal. */
export function printTable(scenario: Scenario, entries: readonly Entry[]): void {
  const rows = rowsOf(scenario, entries)
  if (rows.length === 0) return
  const widths = columns.map((name) => Math.max(...[headings, ...rows].map((row) => row[name].length)))
  const lineOf = (row: Row) =>
    columns
      .map((name, index) => row[name].padEnd(widths[index] ?? 0))
      .join('  ')
      .trimEnd()
  console.log(`\n${scenario.id} ${scenario.title}. ${scenario.story}\n`)
  console.log(lineOf(headings))
  let last = ''
  for (const row of rows) {
    console.log(lineOf({ ...row, variant: row.variant === last ? '' : row.variant }))
    if (row.variant !== last) last = row.variant
  }
  for (const { name, target } of scenario.variants) {
    if (target !== undefined && rows.some((row) => row.variant === name))
      console.log(`target of ${name}: ${target.text}`)
  }
}
