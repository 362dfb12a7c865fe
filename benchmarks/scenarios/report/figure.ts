import { arms } from '../arms/arms.js'
import type { Scenario, Variant } from '../model/scenario.js'

/** Okabe and Ito's colours, which most people with a colour vision deficiency tell apart. */
const colours: Readonly<Record<string, string>> = {
  holdfast: '#0072b2',
  'undici.request': '#000000',
  'fetch + retries': '#e69f00',
  got: '#999999',
  'axios + axios-retry': '#cc79a7',
  'opossum + p-retry': '#d55e00',
  cockatiel: '#009e73',
}
const dashes: Readonly<Record<string, string>> = {
  'undici.request': '6 3',
  'fetch + retries': '2 2',
  'axios + axios-retry': '8 2 2 2',
}

const width = 960
const panelHeight = 250
const plot = { left: 70, right: 190, top: 34, bottom: 44 }
const plotWidth = width - plot.left - plot.right
const plotHeight = panelHeight - plot.top - plot.bottom
const headHeight = 36

/** What is counted in each second, by arm. */
export type ArmSeries = ReadonlyMap<string, readonly number[]>

const answers = 'answers within the deadline'

/** What the panels of a scenario show. */
export function picturedIn({ pictured, variants }: Scenario): string {
  return variants.find(({ name }) => pictured.includes(name))?.picture?.what ?? answers
}

function whatOf({ picture }: Variant): string {
  return picture?.what ?? 'answers'
}

/** A picture of a scenario: what is counted over time, a panel for each variant and a line for each arm. */
export function drawFigure(
  scenario: Scenario,
  panels: readonly { variant: Variant; series: ArmSeries }[],
): string {
  const height = headHeight + panels.length * panelHeight
  const title = `${scenario.id} ${scenario.title}: ${picturedIn(scenario)}`
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escaped(title)}" font-family="system-ui, sans-serif" font-size="12">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    text(plot.left, 22, title, { size: 16, weight: 600 }),
    ...panels.map(
      ({ variant, series }, index) =>
        `<g transform="translate(0 ${headHeight + index * panelHeight})">\n${drawPanel(variant, series)}\n</g>`,
    ),
    '</svg>\n',
  ].join('\n')
}

function drawPanel(variant: Variant, series: ArmSeries): string {
  const seconds = Math.max(...[...series.values()].map((values) => values.length))
  const most = Math.max(1, ...[...series.values()].flat())
  const { ticks, top } = ticksUpTo(most)
  const x = (second: number) => round(plot.left + (second / seconds) * plotWidth)
  const y = (value: number) => round(plot.top + (1 - Math.min(value, top) / top) * plotHeight)
  return [
    text(plot.left, 20, variant.name, { size: 13, weight: 600 }),
    ...event(variant, x),
    ...ticks.flatMap((tick) => [
      `<line x1="${plot.left}" x2="${plot.left + plotWidth}" y1="${y(tick)}" y2="${y(tick)}" stroke="#d9d9d9"/>`,
      text(plot.left - 8, y(tick) + 4, String(tick), { anchor: 'end' }),
    ]),
    ...ticksUpTo(seconds)
      .ticks.filter((second) => second <= seconds)
      .map((second) => text(x(second), plot.top + plotHeight + 16, String(second), { anchor: 'middle' })),
    text(plot.left + plotWidth / 2, plot.top + plotHeight + 34, 'time in seconds', { anchor: 'middle' }),
    `<text transform="translate(18 ${plot.top + plotHeight / 2}) rotate(-90)" text-anchor="middle" fill="#333333">${escaped(whatOf(variant))} a second</text>`,
    ...lines(series, x, y),
    ...legend(series),
  ].join('\n')
}

function event({ timing }: Variant, x: (second: number) => number): string[] {
  const from = x(timing.warmUpMs / 1_000)
  const until = x((timing.warmUpMs + timing.eventMs) / 1_000)
  return [
    `<rect x="${from}" y="${plot.top}" width="${round(until - from)}" height="${plotHeight}" fill="#f2f2f2"/>`,
    text(from + 4, plot.top + 13, 'event', { colour: '#777777' }),
  ]
}

/** Holdfast last, on top of the others. */
function lines(series: ArmSeries, x: (second: number) => number, y: (value: number) => number): string[] {
  return [...series].reverse().map(([arm, values]) => {
    const points = values.map((value, second) => `${x(second + 0.5)},${y(value)}`).join(' ')
    return `<polyline points="${points}" fill="none" ${stroke(arm)} stroke-linejoin="round"/>`
  })
}

function legend(series: ArmSeries): string[] {
  const left = plot.left + plotWidth + 16
  return [...series.keys()].flatMap((arm, index) => {
    const top = plot.top + 10 + index * 20
    return [
      `<line x1="${left}" x2="${left + 26}" y1="${top}" y2="${top}" ${stroke(arm)}/>`,
      text(left + 34, top + 4, arm, { weight: arm === 'holdfast' ? 600 : 400 }),
    ]
  })
}

function stroke(arm: string): string {
  const dash = dashes[arm]
  return `stroke="${colours[arm] ?? '#333333'}" stroke-width="${arm === 'holdfast' ? 2.6 : 1.4}"${dash === undefined ? '' : ` stroke-dasharray="${dash}"`}`
}

/** Round numbers from 0 on, about five of them. */
function ticksUpTo(most: number): { ticks: number[]; top: number } {
  const rough = most / 5
  const magnitude = 10 ** Math.floor(Math.log10(rough))
  const step = [1, 2, 5, 10].map((factor) => factor * magnitude).find((size) => size >= rough) ?? rough
  const count = Math.ceil(most / step)
  return { ticks: Array.from({ length: count + 1 }, (_, index) => round(index * step)), top: count * step }
}

interface TextStyle {
  readonly size?: number
  readonly weight?: number
  readonly anchor?: 'start' | 'middle' | 'end'
  readonly colour?: string
}

function text(x: number, y: number, content: string, style: TextStyle = {}): string {
  const { size = 12, weight = 400, anchor = 'start', colour = '#333333' } = style
  return `<text x="${x}" y="${y}" font-size="${size}" font-weight="${weight}" text-anchor="${anchor}" fill="${colour}">${escaped(content)}</text>`
}

function escaped(content: string): string {
  return content.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`)
}

function round(value: number): number {
  return Number(value.toFixed(1))
}

/** The mean of several runs, arm by arm in the order of the tables. */
export function meanSeries(
  runs: readonly { readonly arm: string; readonly values: readonly number[] }[],
): ArmSeries {
  const series = new Map<string, readonly number[]>()
  for (const { name } of arms) {
    const ofArm = runs.filter(({ arm }) => arm === name).map(({ values }) => values)
    const [first] = ofArm
    if (first === undefined) continue
    const sumAt = (second: number) => ofArm.reduce((sum, values) => sum + (values[second] ?? 0), 0)
    series.set(
      name,
      first.map((_, second) => sumAt(second) / ofArm.length),
    )
  }
  return series
}
