import type { Phase, PhaseName } from '../experiment/phases.js'
import type { Experiment } from '../experiment/run-experiment.js'
import { showMs, showSeconds, showShare } from './format.js'
import { failureLatencies, type PhaseSummary, summarizePhase } from './summarize.js'
import { timeToRecover } from './time-to-recover.js'

/** Something that the experiment is to show. */
export interface Claim {
  readonly text: string
  readonly holds: boolean
  /** What was measured. */
  readonly measured: string
}

/** The black hole's first seconds, in milliseconds, in which a breaker cannot be sure of it yet. */
const firstSecondsMs = 4_000

/** Judges the second side, Holdfast, against the first, plain fetch. */
export function judge({ phases, arms }: Experiment): Claim[] {
  const [plain, holdfast] = arms
  if (plain === undefined || holdfast === undefined) throw new Error('the claims compare two sides')
  const phase = (name: PhaseName) => phases.find((one) => one.name === name) as Phase
  const summaries = phases.map((one) => [summarizePhase(plain, one), summarizePhase(holdfast, one)] as const)
  const errors = summaries[phases.indexOf(phase('errors'))]
  const { fromMs, toMs } = phase('blackHole')
  const slow = failureLatencies(plain, fromMs + firstSecondsMs, toMs).p50
  const fast = failureLatencies(holdfast, fromMs + firstSecondsMs, toMs).p50
  const recoveryMs = timeToRecover(holdfast, phase('recovery'))
  const plainRecoveryMs = timeToRecover(plain, phase('recovery'))
  return [
    moreAnswers(errors?.[0].answers ?? 0, errors?.[1].answers ?? 0),
    fewRequests(summaries),
    soonerFailures(slow, fast),
    othersUnharmed(summaries),
    {
      text: 'payments is used again within 10 s of its return',
      holds: recoveryMs !== undefined && recoveryMs <= 10_000,
      measured: `after ${recovered(recoveryMs)} (plain fetch: ${recovered(plainRecoveryMs)})`,
    },
  ]
}

type Summaries = readonly (readonly [plain: PhaseSummary, holdfast: PhaseSummary])[]

function moreAnswers(plain: number, holdfast: number): Claim {
  return {
    text: 'at 50 % errors, at least as many answers as plain fetch',
    holds: holdfast >= plain,
    measured: `${holdfast} against ${plain}, ${ratio(holdfast, plain)}`,
  }
}

function fewRequests(summaries: Summaries): Claim {
  const most = (index: 0 | 1) => Math.max(...summaries.map((pair) => pair[index].requestsPerCall))
  return {
    text: 'at most 1.2 requests reach payments for each call, in every phase',
    holds: most(1) <= 1.2,
    measured: `${most(1).toFixed(2)} at most (plain fetch: ${most(0).toFixed(2)})`,
  }
}

function soonerFailures(plain: number | undefined, holdfast: number | undefined): Claim {
  return {
    text: `in the black hole, from ${firstSecondsMs / 1_000} s on, half of the failures come 10 times as soon`,
    holds: plain !== undefined && holdfast !== undefined && plain >= 10 * holdfast,
    measured: `${showMs(holdfast)} against ${showMs(plain)}, ${ratio(plain ?? 0, holdfast ?? 0)}`,
  }
}

function othersUnharmed(summaries: Summaries): Claim {
  const least = (index: 0 | 1) => Math.min(...summaries.map((pair) => pair[index].otherRoutes))
  return {
    text: 'routes that do not need payments are answered all the time',
    holds: least(1) >= 0.99,
    measured: `${showShare(least(1))} in the worst phase (plain fetch: ${showShare(least(0))})`,
  }
}

function recovered(ms: number | undefined): string {
  return ms === undefined ? 'never' : showSeconds(ms)
}

function ratio(more: number, less: number): string {
  return less === 0 ? 'beyond compare' : `${(more / less).toPrecision(3)} times`
}
