import { answer, type Behaviour, ignore, serve } from '../model/behaviour.js'
import type { Scenario, Variant } from '../model/scenario.js'
import { always, attemptTimeoutMs, errorStatuses, meanMs, standardTiming } from './standard.js'

const outages = [
  { name: '30 s', ms: 30_000 },
  { name: '5 min', ms: 300_000 },
] as const

function variant(outage: (typeof outages)[number], fault: Behaviour, name: string, maxMs: number): Variant {
  return {
    name: `${outage.name} of ${name}`,
    timing: standardTiming(outage.ms),
    clients: 10,
    load: [{ eventMs: always, perSecond: 100 }],
    dependencies: {
      dependency: {
        replicas: 1,
        slots: 10,
        meanMs,
        behave: ({ eventMs }) => (eventMs >= 0 && eventMs < outage.ms ? fault : serve),
      },
    },
    settings: { attemptTimeoutMs },
    headline: 'recoveryMs',
    target: {
      text: `95 % within ${maxMs / 1_000} s of the return`,
      isMet: ({ recoveryMs = Number.POSITIVE_INFINITY }) => recoveryMs <= maxMs,
    },
    isReal: false,
  }
}

export const backAgain: Scenario = {
  id: 'S10',
  title: 'Return after an outage',
  story: 'A dependency is down and comes back. Protection that outlasts the outage is a defect.',
  pictured: ['30 s of 503s', '30 s of black hole'],
  variants: outages.flatMap((outage) => [
    ...errorStatuses.map((status) => variant(outage, answer(status), `${status}s`, 6_000)),
    variant(outage, ignore, 'black hole', 9_000),
  ]),
}
