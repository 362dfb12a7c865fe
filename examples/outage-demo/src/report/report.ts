import type { Experiment } from '../experiment/run-experiment.js'
import { type Claim, judge } from './claims.js'
import { showMs, showSeconds, showShare } from './format.js'
import { type PhaseSummary, summarizePhase } from './summarize.js'
import { type Column, renderTable } from './table.js'
import { timeToRecover } from './time-to-recover.js'

const columns: readonly Column[] = [
  { heading: ['', ''], words: true },
  { heading: ['', 'calls'] },
  { heading: ['', 'answers'] },
  { heading: ['', ''] },
  { heading: ['fall-', 'backs'] },
  { heading: ['answers', 'p50'] },
  { heading: ['in', 'p99'] },
  { heading: ['failures', 'p50'] },
  { heading: ['in', 'p99'] },
  { heading: ['requests', 'a call'] },
  { heading: ['other', 'routes'] },
]

/** What came out, as text: the table, the times to recover and what the breakers did. */
export function renderReport(experiment: Experiment): string {
  const { phases, arms } = experiment
  const rows = phases.flatMap((phase) => [
    [phase.title],
    ...arms.map((arm) => rowOf(summarizePhase(arm, phase))),
  ])
  const recovery = phases.find(({ name }) => name === 'recovery')
  const recoveries = arms.map((arm) => {
    const ms = recovery && timeToRecover(arm, recovery)
    return `  ${arm.name.padEnd(12)} ${ms === undefined ? 'never' : showSeconds(ms)}`
  })
  return [
    renderTable(columns, rows),
    '',
    'Counted are calls that need payments, in the phase in which they began; a fallback is not an answer.',
    '"Requests a call" is what reached payments. "Other routes" is the share answered where payments is not needed.',
    `No call was made more than ${showMs(maxLateMs(experiment))} later than planned.`,
    '',
    'From the return of payments until 95 % of the calls are answered, for five half seconds in a row:',
    ...recoveries,
    '',
    'What the circuit breakers did:',
    ...transitionLines(experiment),
  ].join('\n')
}

/** The longest that a call was made after it was due, in milliseconds. */
export function maxLateMs({ arms }: Experiment): number {
  return Math.max(...arms.map((arm) => arm.maxLateMs))
}

/** The claims, each with what was measured. */
export function renderClaims(claims: readonly Claim[]): string {
  return claims
    .map(({ holds, text, measured }) => `  ${holds ? 'yes' : 'NO '}  ${text}\n       ${measured}`)
    .join('\n')
}

/** What `--json` writes. */
export function toJson(experiment: Experiment, seed: number): object {
  const { phases, arms } = experiment
  const recovery = phases.find(({ name }) => name === 'recovery')
  return {
    seed,
    phases,
    arms: arms.map((arm) => ({
      name: arm.name,
      maxLateMs: arm.maxLateMs,
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
    `  ${summary.arm}`,
    String(calls),
    String(answers),
    showShare(calls === 0 ? 0 : answers / calls),
    String(summary.fallbacks),
    showMs(summary.answerMs.p50),
    showMs(summary.answerMs.p99),
    showMs(summary.failureMs.p50),
    showMs(summary.failureMs.p99),
    summary.requestsPerCall.toFixed(2),
    showShare(summary.otherRoutes),
  ]
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
