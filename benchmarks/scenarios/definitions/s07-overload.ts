import { summarize } from '../metrics/recorder.js'
import { criticalKind } from '../model/drive-open-loop.js'
import type { Scenario, Variant } from '../model/scenario.js'
import { always, lastingEvent, meanMs, percent } from './standard.js'

const slots = 10
const capacityPerSecond = (slots * 1_000) / meanMs
const maxP99Ms = 300
const loads = [
  { factor: 1.4, leastGoodput: 0.9 },
  { factor: 2, leastGoodput: 0.9 },
  { factor: 4, leastGoodput: 0.85 },
] as const

/** What the scenario is a multiple of: real servers and clients are a fifth as many. */
function scaled({ factor }: (typeof loads)[number], scale: number, hasAdmission = false) {
  const perSecond = scale * capacityPerSecond
  return {
    clients: 10 * scale,
    load: [
      { eventMs: always, perSecond: 0.7 * perSecond },
      { eventMs: 0, perSecond: factor * perSecond },
    ],
    dependencies: { dependency: { replicas: 1, slots: scale * slots, meanMs, hasAdmission } },
  }
}

function unprotected(load: (typeof loads)[number]): Variant {
  const { factor, leastGoodput } = load
  return {
    name: `${factor}x`,
    timing: lastingEvent,
    ...scaled(load, 1),
    inReal: scaled(load, 0.2),
    settings: { attemptTimeoutMs: 500 },
    measure: (_, { success = 0 }) => ({ goodputOfCapacity: success * factor }),
    headline: 'goodputOfCapacity',
    target: {
      text: `goodput >= ${percent(leastGoodput)} of capacity, p99 <= ${maxP99Ms} ms`,
      isMet: ({ goodputOfCapacity = 0, p99Ms = Number.NaN }) =>
        goodputOfCapacity >= leastGoodput && p99Ms <= maxP99Ms,
    },
    isReal: true,
  }
}

function withServer(load: (typeof loads)[number]): Variant {
  return {
    ...unprotected(load),
    ...scaled(load, 1, true),
    inReal: scaled(load, 0.2, true),
    name: `${load.factor}x, Holdfast's server, critical 10 %`,
    criticalShare: 0.1,
    measure: ({ recorder, eventAtMs: fromMs, endMs: untilMs }, { success = 0 }) => ({
      goodputOfCapacity: success * load.factor,
      criticalSuccess: summarize(recorder, { fromMs, untilMs, kind: criticalKind }).success,
    }),
    target: {
      text: 'goodput >= 95 % of capacity, critical >= 99 %',
      isMet: ({ goodputOfCapacity = 0, criticalSuccess = 0 }) =>
        goodputOfCapacity >= 0.95 && criticalSuccess >= 0.99,
    },
  }
}

export const overload: Scenario = {
  id: 'S7',
  title: 'Overload',
  story: 'More calls than the server has capacity for, for a minute; attempts time out after 500 ms.',
  pictured: ['1.4x', '4x'],
  variants: [...loads.map(unprotected), ...loads.map(withServer)],
}
