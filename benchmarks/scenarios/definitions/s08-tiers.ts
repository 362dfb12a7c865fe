import { answer, forward, serve } from '../model/behaviour.js'
import { arrivalsOf, callInTurn } from '../model/drive-open-loop.js'
import type { LoadStep, MeasuredRun, Metrics, Scenario, Variant, World } from '../model/scenario.js'
import {
  always,
  attemptTimeoutMs,
  clients,
  errorStatuses,
  lastingEvent,
  meanMs,
  percent,
} from './standard.js'

const settings = { attemptTimeoutMs }
const load: readonly LoadStep[] = [{ eventMs: always, perSecond: 100 }]
const tier = { replicas: 1, slots: 1, meanMs, behave: () => forward }

function connectTier(world: World, dependency: string) {
  return callInTurn(Array.from({ length: clients }, () => world.connect(dependency, settings)))
}

/** Each tier calls the next with a client like the application's, and answers 503 when that has failed. */
function drive(world: World): void {
  for (const [name, next] of [
    ['front', 'middle'],
    ['middle', 'leaf'],
  ] as const) {
    const call = connectTier(world, next)
    for (const server of world.servers(name)) {
      server.forward = (incoming) => {
        call(incoming.path).then(
          () => incoming.respond(200),
          () => incoming.respond(503),
        )
      }
    }
  }
  const call = connectTier(world, 'front')
  arrivalsOf(world, load, () => void world.recorder.track(() => call('/items/1')))
}

function measure(run: MeasuredRun, metrics: Metrics) {
  const requests = run.arrivalsAt('leaf').filter((atMs) => atMs >= run.eventAtMs).length
  return { amplification: requests / (metrics.calls ?? 1) }
}

function variant(share: number, maxAmplification: number, status: number): Variant {
  const error = answer(status)
  return {
    name: `leaf ${percent(share)} down, ${status}`,
    timing: lastingEvent,
    clients,
    load,
    dependencies: {
      front: tier,
      middle: tier,
      leaf: {
        replicas: 1,
        slots: 10,
        meanMs,
        behave: ({ eventMs, random }) => (eventMs >= 0 && random() < share ? error : serve),
      },
    },
    settings,
    drive,
    measure,
    headline: 'amplification',
    target: {
      text: `amplification <= ${maxAmplification} at the leaf`,
      isMet: ({ amplification = Number.NaN }) => amplification <= maxAmplification,
    },
    isReal: false,
  }
}

export const threeTiers: Scenario = {
  id: 'S8',
  title: 'Three tiers that retry',
  story:
    'Each of three tiers calls the next, and the last one fails. How many requests does it get for each call?',
  pictured: ['leaf 50 % down, 503'],
  variants: errorStatuses.flatMap((status) => [variant(1, 1.1, status), variant(0.5, 1.2, status)]),
}
