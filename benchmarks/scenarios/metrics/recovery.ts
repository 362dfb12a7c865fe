import type { Recorder } from './recorder.js'

const lastingSeconds = 5
const leastSuccess = 0.95

/**
 * Milliseconds from `sinceMs` until the first of five consecutive seconds whose calls succeed at 95 % at least;
 * `undefined` where there are none before `untilMs`.
 */
export function recoveryMs(recorder: Recorder, sinceMs: number, untilMs: number): number | undefined {
  const seconds = Math.floor((untilMs - sinceMs) / 1_000)
  const calls = new Array<number>(seconds).fill(0)
  const answers = new Array<number>(seconds).fill(0)
  for (const [index, beganMs] of recorder.beganMs.entries()) {
    const second = Math.floor((beganMs - sinceMs) / 1_000)
    if (second < 0 || second >= seconds) continue
    calls[second] = (calls[second] ?? 0) + 1
    if (!Number.isNaN(recorder.latencyMs[index])) answers[second] = (answers[second] ?? 0) + 1
  }
  let good = 0
  for (let second = 0; second < seconds; second++) {
    const isGood = (answers[second] ?? 0) >= leastSuccess * (calls[second] ?? 0)
    good = isGood ? good + 1 : 0
    if (good === lastingSeconds) return (second - lastingSeconds + 1) * 1_000
  }
  return undefined
}
