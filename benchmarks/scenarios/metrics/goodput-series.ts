import type { Recorder } from './recorder.js'

/** Answers within the deadline, in each second of the run, by when they came. */
export function goodputSeries(recorder: Recorder, endMs: number): number[] {
  const series = new Array<number>(Math.ceil(endMs / 1_000)).fill(0)
  for (const [index, beganMs] of recorder.beganMs.entries()) {
    const second = Math.floor((beganMs + (recorder.latencyMs[index] ?? Number.NaN)) / 1_000)
    if (second >= 0 && second < series.length) series[second] = (series[second] ?? 0) + 1
  }
  return series
}
