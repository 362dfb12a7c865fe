import type { MeasuredRun, Metrics, Variant } from '../model/scenario.js'
import { goodputSeries } from './goodput-series.js'
import { quantile, summarize } from './recorder.js'
import { recoveryMs } from './recovery.js'

/** What one run of one arm came to. */
export interface RunResult {
  readonly metrics: Metrics
  /** What the picture shows of each second: answers within the deadline, unless the variant says otherwise. */
  readonly pictured: readonly number[]
}

/** The figures that every scenario has, over all calls since the event began, and its own. */
export function measureRun(variant: Variant, run: MeasuredRun): RunResult {
  const { recorder, eventAtMs, returnAtMs, endMs } = run
  const { calls, success, latencies } = summarize(recorder, { fromMs: eventAtMs, untilMs: endMs })
  let requests = 0
  for (const dependency of Object.keys(variant.dependencies)) {
    for (const atMs of run.arrivalsAt(dependency)) if (atMs >= eventAtMs) requests++
  }
  const metrics: Metrics = {
    calls,
    success,
    goodputPerSecond: (latencies.length * 1_000) / (endMs - eventAtMs),
    amplification: calls === 0 ? undefined : requests / calls,
    p50Ms: quantile(latencies, 0.5),
    p99Ms: quantile(latencies, 0.99),
    p999Ms: quantile(latencies, 0.999),
    recoveryMs: variant.timing.afterMs > 0 ? recoveryMs(recorder, returnAtMs, endMs) : undefined,
  }
  return {
    metrics: { ...metrics, ...variant.measure?.(run, metrics) },
    pictured: variant.picture?.series(run) ?? goodputSeries(recorder, endMs),
  }
}
