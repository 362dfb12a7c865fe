import type { Trail, TrailStep } from '../trail/trail.js'
import { showMs } from './format.js'
import { type Column, renderTable } from './table.js'

const columns: readonly Column[] = [
  { heading: ['', 'start'] },
  { heading: ['', 'took'] },
  { heading: ['', 'service'], words: true },
  { heading: ['', 'span or log line'], words: true },
  { heading: ['', 'result'], words: true },
]

/** The way of one request, as text. */
export function renderTrail({ correlationId, steps }: Trail): string {
  const logged = steps.filter(({ kind }) => kind === 'log').length
  return [
    storyOf(steps),
    renderTable(columns, steps.map(cellsOf)),
    '',
    '"->" is a call as its caller saw it; the row below is the same request as the called service saw it.',
    `Found by the correlation id, a header of the answer: ${count(steps.length - logged, 'span')}, ${count(logged, 'log line')}.`,
    `x-correlation-id: ${correlationId}`,
  ].join('\n')
}

function storyOf(steps: readonly TrailStep[]): string {
  const isAnswered = steps[0]?.result === '201'
  const isRetried = steps.some(({ kind }) => kind === 'operation')
  if (!isAnswered)
    return 'How one checkout went while payments failed; none that needed a retry was answered:'
  return isRetried
    ? 'How one checkout was answered although payments failed at first:'
    : 'How one checkout went while payments failed; none needed a retry:'
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`
}

function cellsOf({ kind, service, depth, text, startMs, durationMs, result }: TrailStep): string[] {
  const label = kind === 'attempt' ? `-> ${text}` : text
  return [
    `${Math.round(startMs)} ms`,
    durationMs === undefined ? '' : showMs(durationMs),
    service,
    '  '.repeat(depth) + label,
    result,
  ]
}
