import { answer, ignore, refuse, serve } from '../model/behaviour.js'
import { callInTurn } from '../model/drive-open-loop.js'
import type { Scenario, Target, Variant, World } from '../model/scenario.js'
import { always, attemptTimeoutMs, clients, lastingEvent, meanMs } from './standard.js'

const settings = { attemptTimeoutMs }
/** More than is ever busy: nothing here is short of capacity. */
const amply = 400

const target: Target = {
  text: '>= 99.5 % of what a client without protection gets, retries included',
  // Bare requests lose what any repetition saves, and would ask too little of a rolling restart.
  relativeTo: 'fetch + retries',
  isMet: ({ success = 0 }, unprotected) => success >= 0.995 * (unprotected.success ?? Number.NaN),
}

const base = {
  timing: lastingEvent,
  clients,
  load: [{ eventMs: always, perSecond: 200 }],
  settings,
  headline: 'success',
  target,
  isReal: true,
} as const

function latencyShift(fromMs: number): Variant {
  return {
    ...base,
    name: `8x latency from ${fromMs} ms`,
    dependencies: {
      dependency: {
        replicas: 1,
        slots: amply,
        meanMs: fromMs,
        behave: ({ eventMs }) => (eventMs < 0 ? serve : { kind: 'serve', slowdown: 8 }),
      },
    },
  }
}

const slowFew: Variant = {
  ...base,
  name: '1 % slower than the timeout',
  dependencies: {
    dependency: {
      replicas: 1,
      slots: amply,
      meanMs: 100,
      behave: ({ eventMs, random }) => (eventMs >= 0 && random() < 0.01 ? ignore : serve),
    },
  },
}

const restartEveryMs = 10_000
const downMs = 5_000

const rollingRestart: Variant = {
  ...base,
  name: 'rolling restart of 5 replicas',
  dependencies: {
    dependency: {
      replicas: 5,
      slots: 10,
      meanMs,
      behave: ({ eventMs, replica }) => {
        const sinceMs = eventMs - replica * restartEveryMs
        return sinceMs >= 0 && sinceMs < downMs ? refuse : serve
      },
    },
  },
  isReal: false,
}

function burst(world: World): void {
  const call = callInTurn(Array.from({ length: 1 }, () => world.connect('dependency', settings)))
  world.timeline.at(world.eventAtMs, () => {
    for (let left = 300; left > 0; left--) void world.recorder.track(() => call('/items/1'))
  })
}

const coldBurst: Variant = {
  ...base,
  name: 'cold burst of 300 calls',
  timing: { warmUpMs: 0, eventMs: 5_000, afterMs: 0 },
  clients: 1,
  load: [],
  dependencies: { dependency: { replicas: 1, slots: 10, meanMs } },
  drive: burst,
}

const coldStart: Variant = {
  ...base,
  name: '700 rps x 100 ms from cold',
  timing: { warmUpMs: 0, eventMs: 60_000, afterMs: 0 },
  load: [{ eventMs: 0, perSecond: 700 }],
  dependencies: { dependency: { replicas: 1, slots: amply, meanMs: 100 } },
}

function fewErrors(status: number): Variant {
  const error = answer(status)
  return {
    ...base,
    name: `1000 rps with 1 % fast ${status}s`,
    load: [{ eventMs: always, perSecond: 1_000 }],
    dependencies: {
      dependency: {
        replicas: 1,
        slots: 40,
        meanMs,
        behave: ({ eventMs, random }) => (eventMs >= 0 && random() < 0.01 ? error : serve),
      },
    },
    isReal: false,
  }
}

export const falseAlarms: Scenario = {
  id: 'S9',
  title: 'False alarms',
  story: 'Traffic that is unusual and healthy. Protection that costs calls here is a defect.',
  pictured: ['8x latency from 50 ms', 'rolling restart of 5 replicas'],
  variants: [
    latencyShift(10),
    latencyShift(50),
    slowFew,
    rollingRestart,
    coldBurst,
    coldStart,
    fewErrors(503),
  ],
}
