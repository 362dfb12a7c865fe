import { quantile, summarize } from '../metrics/recorder.js'
import type { Behaviour, Moment } from '../model/behaviour.js'
import { serve } from '../model/behaviour.js'
import type { MeasuredRun, Scenario } from '../model/scenario.js'
import { always, attemptTimeoutMs, clients, meanMs } from './standard.js'

const phaseMs = 60_000

function behave({ eventMs, random }: Moment): Behaviour {
  if (eventMs >= phaseMs) return { kind: 'serve', slowdown: 10 }
  return random() < 0.01 ? { kind: 'serve', slowdown: 40 + 160 * random() } : serve
}

function measure(run: MeasuredRun) {
  const { recorder, eventAtMs, endMs } = run
  const turnedMs = eventAtMs + phaseMs
  const phase = (fromMs: number, untilMs: number) => {
    const { calls, latencies } = summarize(recorder, { fromMs, untilMs })
    const requests = run.arrivalsAt('dependency').filter((atMs) => atMs >= fromMs && atMs < untilMs)
    return {
      p99Ms: quantile(latencies, 0.99),
      p999Ms: quantile(latencies, 0.999),
      amplification: requests.length / Math.max(1, calls),
    }
  }
  const straggling = phase(eventAtMs, turnedMs)
  return {
    ...straggling,
    slowAmplification: phase(turnedMs, endMs).amplification,
  }
}

export const stragglers: Scenario = {
  id: 'S2',
  title: 'Stragglers',
  story:
    'One request in a hundred is 40 to 200 times slower at 5 replicas; after a minute everything becomes 10 times slower. What does hedging cut, and what does it cost?',
  pictured: ['hedge: true'],
  variants: [
    {
      name: 'hedge: true',
      timing: { warmUpMs: 60_000, eventMs: 2 * phaseMs, afterMs: 0 },
      clients,
      load: [{ eventMs: always, perSecond: 200 }],
      dependencies: { dependency: { replicas: 5, slots: 10, meanMs, behave } },
      settings: { attemptTimeoutMs, hedges: true },
      measure,
      headline: 'p999Ms',
      target: {
        text: 'p99.9 cut >= 20x, <= 5 % more requests, also when all is slow',
        relativeTo: 'undici.request',
        isMet: ({ p999Ms = Number.NaN, amplification = 9, slowAmplification = 9 }, unprotected) =>
          (unprotected.p999Ms ?? Number.NaN) / p999Ms >= 20 &&
          amplification <= 1.05 &&
          slowAmplification <= 1.05,
      },
      isReal: false,
    },
  ],
}
