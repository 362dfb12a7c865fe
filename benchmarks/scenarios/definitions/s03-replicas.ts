import { quantile, summarize } from '../metrics/recorder.js'
import { answer, type Behaviour, serve } from '../model/behaviour.js'
import type { MeasuredRun, Metrics, Scenario, Variant } from '../model/scenario.js'
import { always, attemptTimeoutMs, clients, errorStatuses, lastingEvent, meanMs } from './standard.js'

const replicas = 10
const slots = 4
const capacityPerSecond = (replicas * slots * 1_000) / meanMs

/** The first replica is the bad one. */
function atFirstReplica(bad: Behaviour) {
  return ({ eventMs, replica }: { eventMs: number; replica: number }) =>
    eventMs >= 0 && replica === 0 ? bad : serve
}

function compareWithHealthy(run: MeasuredRun, metrics: Metrics) {
  const { recorder, eventAtMs } = run
  const healthy = summarize(recorder, { fromMs: eventAtMs / 2, untilMs: eventAtMs })
  const healthyP99Ms = quantile(healthy.latencies, 0.99) ?? Number.NaN
  return {
    healthyP99Ms,
    // A p99 of answers says nothing where more than one call in a hundred has none.
    p99OfHealthy: (metrics.success ?? 0) < 0.99 ? undefined : (metrics.p99Ms ?? Number.NaN) / healthyP99Ms,
    shareOfSlow: run.sharesOf('dependency')[0],
  }
}

const slow: Variant = {
  name: 'a: 1 of 10 at 10x',
  timing: lastingEvent,
  clients,
  load: [{ eventMs: always, perSecond: 0.6 * capacityPerSecond }],
  dependencies: {
    dependency: { replicas, slots, meanMs, behave: atFirstReplica({ kind: 'serve', slowdown: 10 }) },
  },
  settings: { attemptTimeoutMs },
  measure: compareWithHealthy,
  headline: 'p99OfHealthy',
  target: {
    text: "p99 <= 1.2x of the healthy fleet, slow one's share <= 1 %",
    isMet: ({ p99OfHealthy = Number.NaN, shareOfSlow = 1 }) => p99OfHealthy <= 1.2 && shareOfSlow <= 0.01,
  },
  isReal: false,
}

function failingFast(status: number): Variant {
  return {
    ...slow,
    name: `b: 1 of 10 answers ${status}`,
    load: [{ eventMs: always, perSecond: 500 }],
    dependencies: {
      dependency: { replicas, slots, meanMs, behave: atFirstReplica(answer(status)) },
    },
    headline: 'success',
    target: { text: 'success >= 99.9 %', isMet: ({ success = 0 }) => success >= 0.999 },
    isReal: true,
  }
}

export const badReplica: Scenario = {
  id: 'S3',
  title: 'One bad replica of ten',
  story:
    'One of 10 replicas becomes 10 times slower (a), or answers every request with an error at once (b).',
  pictured: [slow.name, 'b: 1 of 10 answers 500'],
  variants: [slow, ...errorStatuses.map(failingFast)],
}
