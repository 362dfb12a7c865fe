import type { DependencySpec, Scenario, Variant } from '../model/scenario.js'
import { always, meanMs, standardTiming } from './standard.js'

const slots = 10
const capacityPerSecond = (slots * 1_000) / meanMs
const eventMs = 10_000

function variant(clients: number): Variant {
  return {
    name: `N = ${clients}`,
    timing: standardTiming(eventMs),
    clients,
    load: [{ eventMs: always, perSecond: 0.7 * capacityPerSecond }],
    dependencies: {
      dependency: {
        replicas: 1,
        slots,
        meanMs,
        slotSteps: [
          { eventMs: 0, slots: 0.2 * slots },
          { eventMs, slots },
        ],
      },
    },
    settings: { attemptTimeoutMs: 500 },
    headline: 'recoveryMs',
    target: {
      text: 'recovery <= 3 s, amplification <= 1.1',
      isMet: ({ recoveryMs, amplification }) =>
        recoveryMs !== undefined && recoveryMs <= 3_000 && (amplification ?? Number.NaN) <= 1.1,
    },
    isReal: true,
  }
}

const withServer: Variant = {
  ...variant(10),
  name: "N = 10, Holdfast's server",
  dependencies: {
    dependency: { ...variant(10).dependencies.dependency, hasAdmission: true } as DependencySpec,
  },
  target: {
    text: 'recovery <= 1 s, amplification <= 1.1',
    isMet: ({ recoveryMs, amplification }) =>
      recoveryMs !== undefined && recoveryMs <= 1_000 && (amplification ?? Number.NaN) <= 1.1,
  },
}

export const metastable: Scenario = {
  id: 'S1',
  title: 'Metastable failure',
  story:
    'A server of 10 slots under 70 % of its capacity loses 80 % of it for 10 s; attempts time out after 500 ms. Do clients let it come back?',
  pictured: ['N = 10'],
  variants: [variant(1), variant(10), variant(50), withServer],
}
