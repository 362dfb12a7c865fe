import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type JobResult, scenarioOf, variantOf } from '../jobs/job.js'
import type { Scenario } from '../model/scenario.js'
import { drawFigure, meanSeries, picturedIn } from './figure.js'
import type { Entry } from './judge.js'
import { headings, type Row, rowsOf } from './table.js'

const docs = new URL('../../../docs/', import.meta.url)
const images = new URL('images/scenarios/', docs)
const page = new URL('scenarios.md', docs)
const columns = Object.keys(headings) as (keyof Row)[]

/** Draws the pictures of the scenarios that were run, and puts their tables into the page. */
export function writeDocs(results: readonly JobResult[], entries: readonly Entry[]): void {
  mkdirSync(fileURLToPath(images), { recursive: true })
  let text = readFileSync(page, 'utf8')
  for (const id of new Set(results.map(({ job }) => job.id))) {
    const scenario = scenarioOf(id)
    writeFileSync(new URL(`${id.toLowerCase()}.svg`, images), pictureOf(scenario, results))
    text = replaceBlock(text, id, blockOf(scenario, entries))
  }
  writeFileSync(page, text)
}

function pictureOf(scenario: Scenario, results: readonly JobResult[]): string {
  const panels = scenario.pictured
    .map((name) => {
      const runs = results.filter(({ job }) => job.id === scenario.id && job.variant === name)
      const series = meanSeries(runs.map(({ job, pictured }) => ({ arm: job.arm, values: pictured })))
      return { variant: variantOf({ id: scenario.id, variant: name }), series }
    })
    .filter(({ series }) => series.size > 0)
  return drawFigure(scenario, panels)
}

function blockOf(scenario: Scenario, entries: readonly Entry[]): string {
  const rows = rowsOf(scenario, entries)
  const seeds = new Set(entries.filter(({ id }) => id === scenario.id).map(({ seed }) => seed)).size
  const line = (row: Row) => `| ${columns.map((name) => row[name].replaceAll('|', '\\|')).join(' | ')} |`
  const targets = scenario.variants.filter(({ name }) => rows.some((row) => row.variant === name))
  const texts = new Map<string, string[]>()
  for (const { name, target } of targets) {
    if (target !== undefined) texts.set(target.text, [...(texts.get(target.text) ?? []), name])
  }
  const all = [...texts].map(
    ([text, names]) => `- ${names.length === targets.length ? 'All' : names.join('; ')}: ${text}`,
  )
  return [
    `![${scenario.id} ${scenario.title}: ${picturedIn(scenario)} over time](images/scenarios/${scenario.id.toLowerCase()}.svg)`,
    '',
    `Simulated, ${seeds} seeds.`,
    '',
    ...all,
    '',
    line(headings),
    `|${columns.map(() => '---').join('|')}|`,
    ...rows.map((row) => line(row.arm === 'holdfast' ? { ...row, arm: `**${row.arm}**` } : row)),
  ].join('\n')
}

/** What stands between the markers of a scenario. */
function replaceBlock(text: string, id: string, block: string): string {
  const begin = `<!-- generated: ${id} -->`
  const from = text.indexOf(begin)
  const to = text.indexOf('<!-- /generated -->', from)
  if (from < 0 || to < 0) throw new Error(`docs/scenarios.md has no markers for ${id}`)
  return `${text.slice(0, from + begin.length)}\n${block}\n${text.slice(to)}`
}
