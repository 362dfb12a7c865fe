import type { Experiment } from '../experiment/run-experiment.js'
import { type Claim, judge } from './claims.js'
import { showMs, showSeconds, showShare } from './format.js'
import { type Latencies, type PhaseSummary, summarizePhase } from './summarize.js'
import { type Column, renderTable } from './table.js'
import { timeToRecover } from './time-to-recover.js'

const columns: readonly Column[] = [
  { heading: 'phase', words: true },
  { heading: '', words: true },
  { heading: 'calls' },
  { heading: 'answers' },
  { heading: '' },
  { heading: 'fallbacks' },
  { heading: 'answer p50 / p99' },
  { heading: 'failure p50 / p99' },
  { heading: 'requests a call' },
  { heading: 'other routes' },
]

/** What came out, as text: the table, the times to recover and what the breakers did. */
export function renderReport(experiment: Experiment): string {
  const { phases, arms, maxLateMs } = experiment
  const rows = phases.flatMap((phase) => arms.map((arm) => rowOf(summarizePhase(arm, phase))))
  const recovery = phases.find(({ name }) => name === 'recovery')
  const recoveries = arms.map((arm) => {
    const ms = recovery && timeToRecover(arm, recovery)
    return `  ${arm.name.padEnd(12)} ${ms === undefined ? 'not within the phase' : showSeconds(ms)}`
  })
  return [
    renderTable(columns, rows.map(withoutRepetition)),
    '',
    'Calls that need payments; a fallback is not an answer. "Requests a call" counts what reached payments.',
    `Calls were made at most ${showMs(maxLateMs)} later than planned.`,
    '',
    'Time to recover (until 95 % of the calls of each half second are answered, to the end):',
    ...recoveries,
    '',
    'What the circuit breakers did:',
    ...transitionLines(experiment),
  ].join('\n')
}

/** The claims, each with what was measured. */
export function renderClaims(claims: readonly Claim[]): string {
  return claims
    .map(({ holds, text, measured }) => `  ${holds ? 'yes' : 'NO '}  ${text}\n       ${measured}`)
    .join('\n')
}

/** What `--json` writes. */
export function toJson(experiment: Experiment, seed: number): object {
  const { phases, arms, maxLateMs } = experiment
  const recovery = phases.find(({ name }) => name === 'recovery')
  return {
    seed,
    maxLateMs,
    phases,
    arms: arms.map((arm) => ({
      name: arm.name,
      phases: phases.map((phase) => summarizePhase(arm, phase)),
      recoveryMs: (recovery && timeToRecover(arm, recovery)) ?? null,
      transitions: arm.transitions,
    })),
    claims: judge(experiment),
  }
}

function rowOf(summary: PhaseSummary): string[] {
  const { calls, answers } = summary
  return [
    summary.phase,
    summary.arm,
    String(calls),
    String(answers),
    showShare(calls === 0 ? 0 : answers / calls),
    String(summary.fallbacks),
    showLatencies(summary.answerMs),
    showLatencies(summary.failureMs),
    summary.requestsPerCall.toFixed(2),
    showShare(summary.otherRoutes),
  ]
}

function withoutRepetition(row: readonly string[], index: number, rows: readonly (readonly string[])[]) {
  return row[0] === rows[index - 1]?.[0] ? ['', ...row.slice(1)] : row
}

function showLatencies({ p50, p99 }: Latencies): string {
  return p50 === undefined ? '-' : `${showMs(p50)} / ${showMs(p99)}`
}

function transitionLines({ phases, arms }: Experiment): string[] {
  const lines = arms.flatMap(({ name, transitions }) =>
    transitions.map(({ atMs, dependency, state }) => {
      const phase = phases.findLast(({ fromMs }) => atMs >= fromMs)
      const into = `${phase?.title} + ${showSeconds(atMs - (phase?.fromMs ?? 0))}`
      return `  ${showSeconds(atMs).padStart(6)}  ${into.padEnd(20)}  ${name}: ${dependency} ${state}`
    }),
  )
  return lines.length === 0 ? ['  nothing'] : lines
}
