import { deadlineMs, quantile, summarize } from '../metrics/recorder.js'
import { ignore, serve } from '../model/behaviour.js'
import { arrivalsOf } from '../model/drive-open-loop.js'
import type { LoadStep, MeasuredRun, Scenario, World } from '../model/scenario.js'
import { SlotQueue } from '../model/slot-queue.js'
import { always, attemptTimeoutMs, lastingEvent, meanMs } from './standard.js'

const neighbour = 0
const dependent = 1
const settings = { attemptTimeoutMs }
const load: readonly LoadStep[] = [{ eventMs: always, perSecond: 200 }]
/** From here on, calls to what is gone must fail fast. */
const settledFromMs = 5_000

/** A service with 100 slots, each held by one of its requests from first to last, and a queue before them. */
function drive(world: World): void {
  const clients = [world.connect('a', settings), world.connect('b', settings)] as const
  const slots = new SlotQueue(100)
  const random = world.random('kinds')
  arrivalsOf(world, load, () => {
    const kind = random() < 0.5 ? neighbour : dependent
    const cameMs = world.timeline.now()
    void world.recorder.track(async () => {
      await slots.acquire()
      try {
        // Nobody waits for this answer any more; to go on with it would be unkind to every arm.
        if (world.timeline.now() - cameMs > deadlineMs) throw new Error('too late')
        if (kind === neighbour) return await clients[neighbour].call('/items/1')
        const calling = clients[dependent].call('/items/1')
        void world.inner.track(() => calling)
        return await calling
      } finally {
        slots.release()
      }
    }, kind)
  })
}

function measure({ recorder, inner, eventAtMs, endMs }: MeasuredRun) {
  const ofNeighbour = summarize(recorder, { fromMs: eventAtMs, untilMs: endMs, kind: neighbour })
  const toHole = summarize(inner, { fromMs: eventAtMs + settledFromMs, untilMs: endMs })
  return {
    success: ofNeighbour.success,
    p99Ms: quantile(ofNeighbour.latencies, 0.99),
    holeSettledP50Ms: quantile(toHole.settled, 0.5),
  }
}

export const blackHole: Scenario = {
  id: 'S5',
  title: 'Black hole',
  story:
    'A service of 100 slots serves 200 rps; half of its requests call B, which after a minute never answers again. What is left for the other half?',
  pictured: ['B never answers'],
  variants: [
    {
      name: 'B never answers',
      timing: lastingEvent,
      clients: 1,
      load,
      dependencies: {
        a: { replicas: 1, slots: 10, meanMs },
        b: { replicas: 1, slots: 10, meanMs, behave: ({ eventMs }) => (eventMs < 0 ? serve : ignore) },
      },
      settings,
      drive,
      measure,
      headline: 'success',
      target: {
        text: 'neighbour >= 99.9 %, calls to B settle with p50 < 20 ms from 5 s on',
        isMet: ({ success = 0, holeSettledP50Ms = Number.NaN }) => success >= 0.999 && holeSettledP50Ms < 20,
      },
      isReal: true,
    },
  ],
}
