import type { Phase } from '../experiment/phases.js'
import { type ArmRecord, needsPayments, type SettledCall } from '../experiment/record.js'
import { percentile } from './percentile.js'

/** Latencies in milliseconds. */
export interface Latencies {
  readonly p50: number | undefined
  readonly p99: number | undefined
}

/** One side in one phase: the calls that began in it. */
export interface PhaseSummary {
  readonly arm: string
  readonly phase: string
  /** Calls that need payments. */
  readonly calls: number
  readonly answers: number
  readonly fallbacks: number
  readonly answerMs: Latencies
  readonly failureMs: Latencies
  /** Requests that reached payments for each call that needs it. */
  readonly requestsPerCall: number
  /** The share of answers to calls that do not need payments. */
  readonly otherRoutes: number
}

/** Sums up what one side did in one phase. */
export function summarizePhase(arm: ArmRecord, phase: Phase): PhaseSummary {
  const inPhase = arm.calls.filter(({ startMs }) => startMs >= phase.fromMs && startMs < phase.toMs)
  const calls = inPhase.filter(needsPayments)
  const others = inPhase.filter((call) => !needsPayments(call))
  const answers = calls.filter(({ outcome }) => outcome === 'answer')
  return {
    arm: arm.name,
    phase: phase.title,
    calls: calls.length,
    answers: answers.length,
    fallbacks: calls.filter(({ outcome }) => outcome === 'fallback').length,
    answerMs: latenciesOf(answers),
    failureMs: latenciesOf(calls.filter(({ outcome }) => outcome === 'failure')),
    requestsPerCall: calls.length === 0 ? 0 : (arm.requests[phase.name] ?? 0) / calls.length,
    otherRoutes: shareOfAnswers(others),
  }
}

/** How long failures took that began in a part of a phase. */
export function failureLatencies(arm: ArmRecord, fromMs: number, toMs: number): Latencies {
  const failures = arm.calls.filter(
    (call) =>
      needsPayments(call) && call.outcome === 'failure' && call.startMs >= fromMs && call.startMs < toMs,
  )
  return latenciesOf(failures)
}

/** The share of calls that were answered; 1 of no calls. */
export function shareOfAnswers(calls: readonly SettledCall[]): number {
  if (calls.length === 0) return 1
  return calls.filter(({ outcome }) => outcome === 'answer').length / calls.length
}

function latenciesOf(calls: readonly SettledCall[]): Latencies {
  const latencies = calls.map(({ startMs, endMs }) => endMs - startMs)
  return { p50: percentile(latencies, 0.5), p99: percentile(latencies, 0.99) }
}
