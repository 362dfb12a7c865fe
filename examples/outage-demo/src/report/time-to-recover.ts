import type { Phase } from '../experiment/phases.js'
import { type ArmRecord, needsPayments } from '../experiment/record.js'
import { shareOfAnswers } from './summarize.js'

const binMs = 500
const wellFrom = 0.95
/** Half seconds in a row that have to be well. */
const steadyFor = 5

/**
 * Milliseconds from the start of `phase` until calls that need payments are answered again: at least 95 % of those that
 * began in each of five half seconds in a row. `undefined` when that never came.
 */
export function timeToRecover(arm: ArmRecord, phase: Phase): number | undefined {
  const bins = Math.floor((phase.toMs - phase.fromMs) / binMs)
  const isWell = Array.from({ length: bins }, (_, bin) => {
    const fromMs = phase.fromMs + bin * binMs
    const calls = arm.calls.filter(
      (call) => needsPayments(call) && call.startMs >= fromMs && call.startMs < fromMs + binMs,
    )
    return calls.length > 0 && shareOfAnswers(calls) >= wellFrom
  })
  const first = isWell.findIndex((_, bin) => {
    const run = isWell.slice(bin, bin + steadyFor)
    return run.length === steadyFor && run.every(Boolean)
  })
  return first === -1 ? undefined : first * binMs
}
