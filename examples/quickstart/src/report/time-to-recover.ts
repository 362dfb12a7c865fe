import type { Phase } from '../experiment/phases.js'
import { type ArmRecord, needsPayments } from '../experiment/record.js'
import { shareOfAnswers } from './summarize.js'

const binMs = 500
const wellFrom = 0.95

/**
 * Milliseconds from the start of `phase` until calls that need payments are answered again, and stay so to its end: at
 * least 95 % of the calls that began in each half second. `undefined` when that never came.
 */
export function timeToRecover(arm: ArmRecord, phase: Phase): number | undefined {
  const bins = Math.floor((phase.toMs - phase.fromMs) / binMs)
  let recoveredAt: number | undefined
  for (let bin = bins - 1; bin >= 0; bin--) {
    const fromMs = phase.fromMs + bin * binMs
    const calls = arm.calls.filter(
      (call) => needsPayments(call) && call.startMs >= fromMs && call.startMs < fromMs + binMs,
    )
    if (shareOfAnswers(calls) < wellFrom) return recoveredAt
    recoveredAt = bin * binMs
  }
  return recoveredAt
}
